/** The cost of frames: how many items a body may have at most, and how long a byte may take to read at worst. */
import * as v from "valibot";
import { MicrogridError, encodeCbor } from "../../src/core";
import { type FrameTable, parseFrame } from "../../src/wire/frames";
import { fatBodies } from "./fat-bodies";
import { type Kind, TABLES } from "./tables";

/**
 * Most items of a body of each kind, one list of it being as long as the schema allows. Items are what reading costs, in time and in
 * memory. A new kind gets its number here; if that is large, its schema rather needs a limit.
 */
export const MOST_ITEMS = {
  ping: 8,
  pong: 8,
  leaving: 8,
  hello: 128,
  members: 128,
  relay: 16,
  charter: 128,
  epochs: 1_024,
  removal: 1_024,
  proposal: 128,
  revocation: 64,
  double: 128,
  proof: 128,
  head: 128,
  standing: 128,
  knock: 128,
  "knock.answer": 8,
  heartbeat: 2_048,
  "job.request": 200_000,
  "job.embed": 200_000,
  "job.vectors": 16,
  "job.accepted": 8,
  "job.refused": 32,
  "job.shortened": 8,
  "job.tokens": 65_536,
  "job.done": 32,
  "job.failed": 16,
  "job.cancel": 8,
  gossip: 1_024,
  "view.sums": 64,
  "view.list": 2_048,
  "view.pull": 512,
  "guest.hello": 128,
  "guest.member": 1_024,
  "guest.welcome": 512,
  "guest.knock": 128,
  "guest.waiting": 1,
  "guest.admitted": 2_048,
  "guest.ready": 1,
  "guest.refused": 8,
  "epoch.standing": 128,
  "epoch.news": 1_024,
  "epoch.removal": 1_024,
  "epoch.adopted": 1,
  "stage.ask": 64,
  "stage.able": 256,
  "stage.unable": 8,
  "stage.probe": 8,
  "stage.echo": 8,
  "stage.open": 32,
  "stage.progress": 16,
  "stage.ready": 8,
  "stage.refused": 8,
  "stage.previous": 8,
  "stage.next": 2_048,
  "stage.where": 16,
  "stage.seen": 16,
  "stage.leaving": 8,
  "stage.stay": 8,
  "stage.close": 8,
  "stage.forward": 128,
  "stage.failed": 16,
  "stage.end": 8,
  "bulk.get": 16,
  "bulk.piece": 8,
  "bulk.got": 8,
  "bulk.ended": 8,
  "bulk.cancel": 8,
} satisfies Record<Kind, number>;

/**
 * Most processor time that a byte of any kind may take, in multiples of a byte of the reference: a list of one-byte numbers, the
 * most items that bytes can have. The worst kind takes about 3; the rest is for noise.
 */
export const MAX_COST = 6;
/** Measurements of each body, of which the fastest counts: the collection of garbage only makes it slower. */
const RUNS = 4;
/** Longest body that is measured: long enough to show a cost that grows faster than the length. */
const MAX_MEASURED_BYTES = 32 * 1024;
/** Shorter bodies are read several times in one measurement, until they have this many bytes. */
const MEASURED_BYTES = 20_000;
/** Bytes that a frame counts besides those of its body: receiving even an empty one takes some time. */
const FRAME_BYTES = 64;

/** The most expensive body of a kind. */
export interface Cost {
  readonly kind: string;
  readonly bytes: number;
  /** Times of a byte of the reference. */
  readonly cost: number;
}

const NUMBERS = {
  numbers: { schema: v.array(v.number()), maxBytes: MEASURED_BYTES, rate: { burst: 1, perSecond: 0 } },
} satisfies FrameTable;

/** The worst body of each kind. */
export function worstCosts(): Cost[] {
  return Object.values(TABLES).flatMap((table: FrameTable) => Object.keys(table).map((kind) => worstOf(table, kind)));
}

/** The worst body of one kind: those that its schema refuses in the end cost as much. */
export function worstOf(table: FrameTable, kind: string): Cost {
  const spec = table[kind]!;
  const maxBytes = Math.min(spec.maxBytes, MAX_MEASURED_BYTES);
  const costs = fatBodies({ ...spec, maxBytes }).map((body) => {
    const encoded = encodeCbor(body);
    return { kind, bytes: encoded.length, cost: relativeCost(table, kind, encoded) };
  });
  return costs.reduce((worst, each) => (each.cost > worst.cost ? each : worst));
}

/** Measured in turn with the reference, so that both meet the same noise. */
function relativeCost(table: FrameTable, kind: string, body: Uint8Array): number {
  const reference = encodeCbor(new Array<number>(MEASURED_BYTES).fill(1));
  let [own, other] = [Infinity, Infinity];
  for (let run = 0; run < RUNS; run++) {
    own = Math.min(own, timeOf(table, kind, body));
    other = Math.min(other, timeOf(NUMBERS, "numbers", reference));
  }
  return own / other;
}

/** Processor time of a byte: other programs on the machine do not count. */
function timeOf(table: FrameTable, kind: string, bytes: Uint8Array): number {
  const times = Math.max(1, Math.ceil(MEASURED_BYTES / bytes.length));
  const body = bytes.slice();
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) {
    try {
      parseFrame(table, { kind, body });
    } catch (error) {
      if (!(error instanceof MicrogridError)) throw error;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (times * (body.length + FRAME_BYTES));
}
