/** A clock that moves only when nothing is left to do, so that an hour of a thousand nodes passes in minutes. */
import { swiftCrypto } from "./crypto";

type Task = () => void;

interface Timer {
  readonly task: Task;
  /** Milliseconds between two calls of an interval; undefined for a timeout. */
  readonly every: number | undefined;
}

/** When every simulation begins; its day has hours to go, so that slots of one day serve a whole run. */
const EPOCH_MS = Date.UTC(2026, 0, 1, 1);
/** WebCrypto makes keys on other threads: the clock waits for it. */
const SLOW_CALLS = ["exportKey", "generateKey"] as const;

/** Virtual time. `install` puts it in the place of the real one for the whole process. */
export class VirtualClock {
  /** Milliseconds since the simulation began. */
  now = 0;
  #nextId = 1;
  readonly #timers = new Map<number, Timer>();
  /** Ids of timers by the whole millisecond in which they are due. */
  readonly #due = new Map<number, number[]>();
  readonly #times = new MinHeap();
  /** Calls of WebCrypto that have not answered yet. */
  #outstanding = 0;
  readonly #setImmediate = globalThis.setImmediate;
  /** When the present task began in the time of the processor, while tasks are measured: other programs do not count. */
  #taskAt: number | undefined;
  #payer: ((ms: number) => void) | undefined;

  /** Replaces timers, clocks and chance (by `random`, for runs that can be repeated); the result puts them back. */
  install(random: () => number): () => void {
    const set = (task: Task, ms = 0, every?: number): number => this.#set(task, ms, every);
    const clear = (id: number): void => void this.#timers.delete(id);
    const { subtle } = globalThis.crypto;
    const undo = [
      replace(globalThis, "setTimeout", (task: Task, ms?: number) => set(task, ms)),
      replace(globalThis, "setInterval", (task: Task, ms?: number) => set(task, ms, Math.max(1, ms ?? 1))),
      replace(globalThis, "clearTimeout", clear),
      replace(globalThis, "clearInterval", clear),
      replace(Date, "now", () => EPOCH_MS + this.now),
      replace(performance, "now", () => this.now + this.#taskMs),
      replace(Math, "random", random),
      ...Object.entries(swiftCrypto(subtle)).map(([name, call]) => replace(subtle, name, call)),
      ...SLOW_CALLS.map((name) => {
        const call = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>;
        return replace(subtle, name, (...args: unknown[]) => {
          this.#outstanding++;
          return call(...args).finally(() => this.#outstanding--);
        });
      }),
    ];
    return () => {
      for (const restore of undo.reverse()) restore();
    };
  }

  /**
   * Within a task: tells `payer` for how many ms of the processor this task holds the thread, with all that promises do right behind it. Until
   * then, `performance.now` goes on with the processor's time, so that limits of measured time work.
   */
  charge(payer: (ms: number) => void): void {
    this.#payer = payer;
    this.#taskAt = processorMs();
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.#settle();
    for (let next = this.#times.least; next !== undefined && next <= end; next = this.#times.least) {
      this.now = Math.max(this.now, next);
      this.#times.take();
      const ids = this.#due.get(next) ?? [];
      this.#due.delete(next);
      for (const id of ids) {
        // Tasks of one moment are tasks still: what promises do in between comes first, as in a browser.
        if (this.#run(id)) await this.#breathe();
      }
      await this.#settle();
    }
    this.now = end;
  }

  /** Lets time pass until `condition` holds, looked at every `stepMs`. Throws after `limitMs`. */
  async passUntil(condition: () => boolean, limitMs: number, stepMs = 50): Promise<void> {
    const end = this.now + limitMs;
    while (!condition()) {
      if (this.now >= end) throw new Error(`it has not happened within ${limitMs} ms of simulated time`);
      await this.pass(stepMs);
    }
  }

  /** Lets time pass until a promise settles. */
  async passWhile<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    work.then(done, done);
    await this.#settle();
    await this.passUntil(() => settled, limitMs, 1);
    return work;
  }

  #set(task: Task, ms: number, every: number | undefined): number {
    const id = this.#nextId++;
    this.#timers.set(id, { task, every });
    this.#schedule(id, ms);
    return id;
  }

  #schedule(id: number, ms: number): void {
    const time = Math.ceil(this.now + Math.max(0, ms));
    const ids = this.#due.get(time);
    if (ids) ids.push(id);
    else {
      this.#due.set(time, [id]);
      this.#times.add(time);
    }
  }

  /** True where something may follow from it; the links' many ticks are left out. */
  #run(id: number): boolean {
    const timer = this.#timers.get(id);
    if (!timer) return false;
    if (timer.every === undefined) this.#timers.delete(id);
    else this.#schedule(id, timer.every);
    timer.task();
    // Promises come before the next tick.
    if (this.#payer) process.nextTick(() => this.#settleBill());
    return timer.every === undefined;
  }

  /** The processor's time since the present task began to be measured. */
  get #taskMs(): number {
    return this.#taskAt === undefined ? 0 : processorMs() - this.#taskAt;
  }

  #settleBill(): void {
    this.#payer?.(this.#taskMs);
    this.#payer = undefined;
    this.#taskAt = undefined;
  }

  /** Waits until neither promises nor WebCrypto have anything left to do at this moment. */
  async #settle(): Promise<void> {
    do await this.#breathe();
    while (this.#outstanding > 0);
  }

  /** Lets promises go on. */
  #breathe(): Promise<void> {
    return new Promise((resolve) => this.#setImmediate(resolve));
  }
}

/** The time that this process has used of the processor. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Whole numbers, the least first; each is there once. */
class MinHeap {
  readonly #items: number[] = [];

  get least(): number | undefined {
    return this.#items[0];
  }

  add(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  take(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
  }
}

/** Puts `value` in the place of a property; the result puts the old one back. */
function replace(target: object, name: string, value: unknown): () => void {
  const old = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (old) Object.defineProperty(target, name, old);
    else Reflect.deleteProperty(target, name);
  };
}
