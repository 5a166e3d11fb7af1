/** The service that the border's acceptance suite calls. It runs on the far side of every endpoint. */
import { MicrogridError } from "../../core";
import { asService } from "../calls";
import { joining } from "../stream";

/** A service that counts, in both directions. */
interface Counter {
  add(number: number): Promise<number>;
}

/** One object with everything that a border has to carry. */
export class FarSide {
  /** Calls that have reached this side, by name. */
  readonly #calls: string[] = [];
  /** Reasons of the signals that were aborted here. */
  readonly #aborted: string[] = [];
  #yielded = 0;
  #stopped = 0;

  readonly group = {
    echo: async (value: unknown): Promise<unknown> => value,
  };

  async seen(): Promise<{ calls: string[]; aborted: string[]; yielded: number; stopped: number }> {
    return { calls: [...this.#calls], aborted: [...this.#aborted], yielded: this.#yielded, stopped: this.#stopped };
  }

  async fail(kind: "ours" | "foreign"): Promise<never> {
    if (kind === "foreign") throw new TypeError("not a function");
    throw new MicrogridError("quota-exceeded", "The disk is full.", {
      cause: new RangeError("too large"),
      field: "files.2",
    });
  }

  /** Resolves when its signal is aborted, with the reason's message. */
  async wait({ signal }: { signal: AbortSignal }): Promise<string> {
    this.#calls.push("wait");
    const reason = (): string => (signal.reason as Error).message;
    return new Promise((resolve) => {
      const stop = (): void => {
        this.#aborted.push(reason());
        resolve(reason());
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop);
    });
  }

  /** Never resolves. */
  async hang(): Promise<never> {
    return new Promise(() => undefined);
  }

  /** Counts from 0; `to` may be infinite. Fails at `failsAt`. Waits for nothing between two numbers. */
  async *count(
    { to, failsAt }: { to: number; failsAt?: number },
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncIterable<number> {
    try {
      for (let number = 0; number < to; number++) {
        if (number === failsAt) throw new MicrogridError("device-lost", "The device was lost.");
        this.#yielded++;
        yield number;
        await Promise.resolve();
        signal?.throwIfAborted();
      }
    } finally {
      this.#stopped++;
    }
  }

  /** The same numbers as a text: each is followed by a space, and those that travel together are one piece. */
  spelled({ to }: { to: number }): AsyncIterable<string> {
    return joining(spell(this.count({ to })), (before, after) => before + after);
  }

  /** Yields once, and then waits until it is stopped. */
  async *stall({ signal }: { signal: AbortSignal }): AsyncIterable<number> {
    yield 1;
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  }

  /** Calls `onStep` with 1 to `steps`, keeps it, and calls it again when `again` is called. */
  async steps({ steps, onStep }: { steps: number; onStep: (step: number) => void }): Promise<void> {
    for (let step = 1; step <= steps; step++) onStep(step);
    this.#kept = () => onStep(-1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async again(): Promise<void> {
    this.#kept();
  }

  /** Asks a service of the near side. */
  async ask({ counter }: { counter: Counter }): Promise<number> {
    return (await counter.add(1)) + (await counter.add(10));
  }

  /** Gives a service that lives here. */
  async counter(start: number): Promise<{ readonly name: string; readonly counter: Counter }> {
    let sum = start;
    const counter: Counter = { add: async (number) => (sum += number) };
    return { name: "far", counter: asService(counter) };
  }

  #kept: () => void = () => undefined;
}

async function* spell(numbers: AsyncIterable<number>): AsyncGenerator<string> {
  for await (const number of numbers) yield `${number} `;
}
