/** How the nodes of a room find each other at a signaling server that knows no rooms (docs/protocol.md). */
import { type Bytes, type Did, sleep, toHex } from "../../core";
import { type Endpoint, NoDirectWayError, type RawLink } from "../../wire";
import {
  HOLDERS_WANTED,
  LONELY_SCAN_MS,
  NEXT_SLOT_MS,
  SLOT_CHECKERS,
  SLOT_COUNT,
  SLOT_DIAL_MS,
  SLOT_MET_MS,
  SLOT_SCAN_MS,
} from "../constants";
import { HeldSlots } from "./held-slots";
import type { Registration } from "./registration";
import { type KnownClaim, SlotWitness } from "./slot-witness";
import { type SlotPlace, type SlotEpoch, places } from "./places";
import { dayOf } from "./slots";

/** Calls in a row that find no direct way before that is told: one alone may have been slow. */
const BLOCKED_CALLS = 2;
/** A device that has dialled in vain is not worth a word if it, or another one, came through shortly before or after. */
const CAME_THROUGH_MS = 15_000;
/** A node that is alone also tries the neighbouring days once in this number of looks: few clocks are wrong by hours. */
const NEIGHBOUR_DAYS_EVERY = 6;

/** The facts about the room that a node knows without looking. */
export interface KnownRoom {
  /** The slots that members say they hold. */
  readonly claims: readonly KnownClaim[];
  /** Members that are linked. */
  readonly members: number;
  /** Nodes that are known of, this one included. */
  readonly nodes: number;
}

interface RendezvousOptions {
  /** The secrets of the slots: that of the current epoch, then those of epochs that are served besides, newest first. */
  secrets(): Promise<readonly [Bytes, ...Bytes[]]>;
  /** Where the node is online now, if it is. */
  registration(): Registration | undefined;
  /** Gets to know the node at the other end of a line made through a slot; undefined where nothing comes of it. */
  meet(link: RawLink): Promise<Did | undefined>;
  /** False for guests: they only look, and do not wait long for a slot that is silent. */
  readonly mayHold: boolean;
  /** Called when all slots have been looked at once, and what answered there has been met. */
  onLooked?(): void;
  known(): KnownRoom;
  /** Called once when devices of the room are there, but no direct way leads to them; again after one came through. */
  onNoDirectWay(error: NoDirectWayError): void;
  /** Called when this node wins or gives up a slot of the current epoch. */
  onSlotChange(): void;
  /** The clock, for tests. */
  now?(): number;
}

/**
 * Holds one of the room's slots where that is wanted, and looks for nodes that this one does not know. A member's word
 * that it holds a slot keeps this node from looking. A slot that is held is kept: the holders of others may be hostile together.
 */
export class Rendezvous {
  readonly #options: RendezvousOptions;
  readonly #stop = new AbortController();
  readonly #held: HeldSlots;
  readonly #witness = new SlotWitness();
  #wake = new AbortController();
  #looks = 0;
  /** Whether all slots were looked at, and not only those up to the first that answered: its holder may show only its friends. */
  #hasLooked = false;
  /** The slot at which a guest begins: behind the last one that answered, since that led nowhere if it looks again. */
  #from = 0;
  /** Until when the slots of former epochs need no other look, by their ids: a member answered there. */
  readonly #metFormer = new Map<string, number>();
  /** Calls without a direct way since somebody came through. */
  #blocked = 0;
  #toldBlocked = false;
  #cameThroughAt = -Infinity;

  constructor(options: RendezvousOptions) {
    this.#options = options;
    this.#held = new HeldSlots(
      () => options.onSlotChange(),
      () => this.nudge(),
    );
  }

  /** The slot of the current epoch that this node holds, if it does. */
  get slot(): number | undefined {
    return this.#held.current?.slot;
  }

  /** Looks once, until somebody answers or a slot is won, then keeps looking as long as it has to. */
  async start(): Promise<void> {
    await this.#look(true);
    void this.#keepLooking();
  }

  /** Looks again now: the node has a new registration, or members or the epoch have changed. */
  nudge(): void {
    this.#metFormer.clear();
    this.#wake.abort();
  }

  close(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#held.close();
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
      if ((await this.#needed()) || !this.#hasLooked) await this.#look(false);
      else await this.#checkOne();
    }
  }

  #pause(): number {
    return this.#options.known().members === 0 || !this.#hasLooked ? LONELY_SCAN_MS : SLOT_SCAN_MS;
  }

  /** Enough known holders do the looking for everybody else. A holder stays one when the day or the epoch changes. */
  async #needed(): Promise<boolean> {
    const held = this.slot !== undefined;
    const epochs = await this.#epochs();
    const { claims, members } = this.#options.known();
    this.#held.keep({
      epochs: epochs.map(({ name }) => name),
      day: this.#today(),
      url: this.#options.registration()?.url,
    });
    return held || members === 0 || this.#witness.believed(claims).size < HOLDERS_WANTED;
  }

  /** Dials one slot that a member says it holds. Each room does a few of these in each scan, whatever its size. */
  async #checkOne(): Promise<void> {
    const { claims, nodes } = this.#options.known();
    const registration = this.#options.registration();
    const open = this.#witness.unchecked(claims);
    if (!registration || open.length === 0 || Math.random() > SLOT_CHECKERS / nodes) return;
    const claim = open[Math.floor(Math.random() * open.length)]!;
    const [current] = await this.#epochs();
    const place = (await places(current, this.#today()))[claim.slot]!;
    const answered = await this.#try(registration, place, true).catch(() => undefined);
    if (answered !== claim.did) this.#witness.disbelieve(claim);
  }

  /** Walks the slots once; with `first`, only until somebody answers. */
  async #look(first: boolean): Promise<void> {
    const today = this.#today();
    const [current, ...former] = await this.#epochs();
    // Clocks differ: somebody may live in the day before or after. Only a node that is alone needs to ask there.
    const alone = this.#options.known().members === 0;
    const days = alone && this.#looks++ % NEIGHBOUR_DAYS_EVERY === 0 ? [today, today - 1, today + 1] : [today];
    if (!this.#options.mayHold) return this.#lookAsGuest(current, days);
    for (const day of days) {
      for (const place of await places(current, day)) {
        const registration = this.#options.registration();
        if (!registration || this.#stop.signal.aborted) return;
        if (
          this.#held.of(current.name, day)?.slot === place.slot ||
          (day === today && this.#witness.met(this.#options.known().claims).some(({ slot }) => slot === place.slot))
        )
          continue;
        const answered = await this.#try(registration, place, day === today).catch(() => undefined);
        if (answered && first && this.slot === undefined) return;
      }
      if (this.#options.known().members > 0) break;
    }
    this.#hasLooked = true;
    for (const epoch of former) await this.#serve(epoch, today);
  }

  /** Goes on to the next slot where one is silent, until a door has opened that is enough. */
  async #lookAsGuest(epoch: SlotEpoch, days: readonly number[]): Promise<void> {
    const tries: Promise<unknown>[] = [];
    for (const day of days) {
      const all = await places(epoch, day);
      for (const place of [...all.slice(this.#from), ...all.slice(0, this.#from)]) {
        const registration = this.#options.registration();
        if (!registration || this.#stop.signal.aborted) return;
        // A door that is enough has opened meanwhile.
        if (this.#options.known().members > 0) return;
        const trying = this.#try(registration, place, false).catch(() => undefined);
        tries.push(trying);
        const enough = new AbortController();
        const answered = await Promise.race([trying, sleep(NEXT_SLOT_MS, enough.signal)]);
        enough.abort();
        if (!answered) continue;
        this.#from = (place.slot + 1) % SLOT_COUNT;
        return;
      }
    }
    await Promise.all(tries);
    this.#options.onLooked?.();
  }

  /**
   * A holder also holds a slot of each epoch before, and meets the other holders there: members that were away look
   * there, and so do guests with old invites and, where two halves of the room went on separately, the other half.
   */
  async #serve(epoch: SlotEpoch, day: number): Promise<void> {
    for (const place of await places(epoch, day)) {
      const registration = this.#options.registration();
      if (this.slot === undefined || !registration || this.#stop.signal.aborted) return;
      if (this.#held.of(epoch.name, day)?.slot === place.slot || this.#metThere(place)) continue;
      if (await this.#try(registration, place, true).catch(() => undefined)) {
        this.#metFormer.set(place.id, performance.now() + SLOT_MET_MS);
      }
    }
  }

  #metThere({ id }: SlotPlace): boolean {
    return (this.#metFormer.get(id) ?? -Infinity) > performance.now();
  }

  /** Claims a slot or, where it is held, meets its holder. Gives the node that answered, if one did. */
  async #try(registration: Registration, place: SlotPlace, mayHold: boolean): Promise<Did | undefined> {
    const endpoint = await registration.transport.open(place.id, { signal: this.#stop.signal });
    if (endpoint === "taken") {
      const did = await this.#options.meet(await this.#dial(registration.endpoint, place.id));
      if (did && mayHold && place.epoch === this.#held.epoch) this.#witness.meet({ did, slot: place.slot });
      return did;
    }
    if (!mayHold || !this.#wants(place)) {
      endpoint.close();
      return undefined;
    }
    endpoint.onLink = (link) => {
      this.#cameThrough();
      void this.#options.meet(link);
    };
    endpoint.onNoDirectWay = (error) => {
      if (performance.now() - this.#cameThroughAt > CAME_THROUGH_MS) this.#tellBlocked(error);
    };
    this.#held.add({ ...place, endpoint, url: registration.url });
    return undefined;
  }

  /** Whether a slot that is free should be held: one of each epoch, unless enough holders of the current one were met. */
  #wants({ epoch, day }: SlotPlace): boolean {
    if (!this.#options.mayHold || this.#stop.signal.aborted || this.#held.of(epoch, day)) return false;
    if (epoch !== this.#held.epoch) return true;
    return !areEnough(this.#witness.met(this.#options.known().claims));
  }

  async #epochs(): Promise<readonly [SlotEpoch, ...SlotEpoch[]]> {
    const [current, ...former] = await this.#options.secrets();
    const named = (secret: Bytes): SlotEpoch => ({ secret, name: toHex(secret) });
    const epoch = named(current);
    this.#held.epoch = epoch.name;
    return [epoch, ...former.map(named)];
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

  #today(): number {
    return dayOf((this.#options.now ?? Date.now)());
  }
}

/** Whether these holders make another one needless. Those of one branch count once: one member could make itself a crowd of them. */
function areEnough(holders: readonly KnownClaim[]): boolean {
  return new Set(holders.map(({ branch }) => branch)).size >= HOLDERS_WANTED;
}
