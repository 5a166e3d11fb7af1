/** How the nodes of a room find each other at a signaling server that knows no rooms (docs/protocol.md). */
import { type Bytes, sleep } from "../../core";
import { type Endpoint, NoDirectWayError, type RawLink } from "../../wire";
import { HOLDERS_WANTED, LONELY_SCAN_MS, SLOT_COUNT, SLOT_DIAL_MS, SLOT_SCAN_MS } from "../constants";
import type { Registration } from "./registration";
import { dayOf, slotIds } from "./slots";

/** Calls in a row that find no direct way before that is told: one alone may have been slow. */
const BLOCKED_CALLS = 2;
/** A device that has dialled in vain is not worth a word if it, or another one, came through shortly before or after. */
const CAME_THROUGH_MS = 15_000;
/** A node that is alone also tries the neighbouring days once in this number of looks: few clocks are wrong by hours. */
const NEIGHBOUR_DAYS_EVERY = 6;

interface RendezvousOptions {
  readonly secret: Bytes;
  /** Where the node is online now, if it is. */
  registration(): Registration | undefined;
  /** Gets to know the node at the other end of a line made through a slot; false where nothing comes of it. */
  meet(link: RawLink): Promise<boolean>;
  /** False for guests: they only look. */
  readonly mayHold: boolean;
  /** Slots that linked members say they hold, and how many members are linked. */
  known(): { slots: readonly number[]; members: number };
  /** Called once when devices of the room are there, but no direct way leads to them; again after one came through. */
  onNoDirectWay(error: NoDirectWayError): void;
  /** Called when this node wins or gives up a slot. */
  onSlotChange(): void;
  /** The clock, for tests. */
  now?(): number;
}

interface HeldSlot {
  readonly slot: number;
  readonly day: number;
  readonly endpoint: Endpoint;
  /** The registration under which it was won. */
  readonly registration: Registration;
}

/** Holds one of the room's slots where that is wanted, and looks for nodes that this one does not know. */
export class Rendezvous {
  readonly #options: RendezvousOptions;
  readonly #stop = new AbortController();
  #held: HeldSlot | undefined;
  #wake = new AbortController();
  #looks = 0;
  /** Calls without a direct way since somebody came through. */
  #blocked = 0;
  #toldBlocked = false;
  #cameThroughAt = -Infinity;

  constructor(options: RendezvousOptions) {
    this.#options = options;
  }

  /** The slot that this node holds, if it does. */
  get slot(): number | undefined {
    return this.#held?.slot;
  }

  /** Looks once, until somebody answers or a slot is won, then keeps looking as long as it has to. */
  async start(): Promise<void> {
    await this.#look(true);
    void this.#keepLooking();
  }

  /** Looks again now: the node has a new registration, or members have changed. */
  nudge(): void {
    this.#wake.abort();
  }

  close(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#release();
  }

  async #keepLooking(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // A little randomness, so that a room does not walk the slots in step.
      await sleep(this.#pause() * (0.75 + Math.random() / 2), this.#wake.signal);
      if (this.#stop.signal.aborted) return;
      if (this.#wake.signal.aborted) {
        this.#wake = new AbortController();
        await sleep(Math.random() * 400, this.#stop.signal);
      }
      if (this.#needed()) await this.#look(false);
    }
  }

  #pause(): number {
    return this.#options.known().members === 0 ? LONELY_SCAN_MS : SLOT_SCAN_MS;
  }

  /** Enough known holders do the looking for everybody else. */
  #needed(): boolean {
    const { slots, members } = this.#options.known();
    this.#tidy(slots);
    return this.#held !== undefined || members === 0 || new Set(slots).size < HOLDERS_WANTED;
  }

  /** Lets go of a slot of a former day, of one at a former server, and of one beyond the number wanted. */
  #tidy(knownSlots: readonly number[]): void {
    const held = this.#held;
    if (!held) return;
    const lower = knownSlots.filter((slot) => slot < held.slot).length;
    const moved = held.registration.url !== this.#options.registration()?.url;
    if (moved || held.day !== this.#today() || lower >= HOLDERS_WANTED) this.#release();
  }

  /** Walks the slots once; with `first`, only until somebody answers. */
  async #look(first: boolean): Promise<void> {
    const today = this.#today();
    // Clocks differ: somebody may live in the day before or after. Only who is alone needs to ask there.
    const alone = this.#options.known().members === 0;
    const days = alone && this.#looks++ % NEIGHBOUR_DAYS_EVERY === 0 ? [today, today - 1, today + 1] : [today];
    for (const day of days) {
      const ids = await slotIds(this.#options.secret, day);
      for (let slot = 0; slot < SLOT_COUNT; slot++) {
        const registration = this.#options.registration();
        if (!registration || this.#stop.signal.aborted) return;
        if (day === this.#held?.day && slot === this.#held.slot) continue;
        if (day === today && this.#options.known().slots.includes(slot)) continue;
        const answered = await this.#try(registration, ids[slot]!, slot, day, day === today).catch(() => false);
        if (answered && (first || !this.#options.mayHold) && !this.#held) return;
      }
      if (this.#options.known().members > 0) return;
    }
  }

  /** Claims a slot or, where it is held, meets its holder. True where the holder answered. */
  async #try(registration: Registration, id: string, slot: number, day: number, mayHold: boolean): Promise<boolean> {
    const endpoint = await registration.transport.open(id, { signal: this.#stop.signal });
    if (endpoint === "taken") {
      return this.#options.meet(await this.#dial(registration.endpoint, id));
    }
    if (
      !mayHold ||
      !this.#options.mayHold ||
      this.#held ||
      new Set(this.#options.known().slots).size >= HOLDERS_WANTED
    ) {
      endpoint.close();
      return false;
    }
    this.#held = { slot, day, endpoint, registration };
    endpoint.onLink = (link) => {
      this.#cameThrough();
      void this.#options.meet(link);
    };
    endpoint.onNoDirectWay = (error) => {
      if (performance.now() - this.#cameThroughAt > CAME_THROUGH_MS) this.#tellBlocked(error);
    };
    void endpoint.closed.then(() => {
      if (this.#held?.endpoint !== endpoint) return;
      this.#held = undefined;
      this.#options.onSlotChange();
      this.nudge();
    });
    this.#options.onSlotChange();
    return false;
  }

  async #dial(endpoint: Endpoint, id: string): Promise<RawLink> {
    try {
      const link = await endpoint.dial(id, { timeoutMs: SLOT_DIAL_MS, signal: this.#stop.signal });
      this.#cameThrough();
      return link;
    } catch (error) {
      if (error instanceof NoDirectWayError && ++this.#blocked >= BLOCKED_CALLS) this.#tellBlocked(error);
      throw error;
    }
  }

  #cameThrough(): void {
    this.#cameThroughAt = performance.now();
    this.#blocked = 0;
    this.#toldBlocked = false;
  }

  #tellBlocked(error: NoDirectWayError): void {
    if (this.#toldBlocked) return;
    this.#toldBlocked = true;
    this.#options.onNoDirectWay(error);
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.endpoint.close();
    if (held) this.#options.onSlotChange();
  }

  #today(): number {
    return dayOf((this.#options.now ?? Date.now)());
  }
}
