/** News on their way: gathered for a moment, then passed on to neighbours that have not shown that they know them. */
import { type Bytes, type Did, concat, encodeCbor } from "../../core";
import { GOSSIP_FANOUT, GOSSIP_FRAME_BYTES, GOSSIP_MS, STATEMENTS_PER_FRAME } from "./constants";
import { sample } from "./links";
import type { Statement } from "./statements";

interface QueuedStatement {
  readonly statement: Statement;
  /** The neighbours that sent it here. */
  readonly from: Set<Did>;
  /** To all neighbours, and not only to some: lives depend on it. */
  readonly urgent: boolean;
}

interface GossipQueueOptions {
  neighbours(): readonly Did[];
  send(to: Did, statements: Statement[]): void;
  readonly random: () => number;
}

/** Passes news on. Each is passed on once; comparing views brings what was missed. */
export class GossipQueue {
  readonly #options: GossipQueueOptions;
  /** By kind and did: only the newest of each. */
  readonly #waiting = new Map<string, QueuedStatement>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GossipQueueOptions) {
    this.#options = options;
  }

  /** Takes news from a neighbour, or of this node itself. */
  add(did: Did, statement: Statement, { from, urgent }: { from?: Did | undefined; urgent: boolean }): void {
    this.#waiting.set(`${statement.kind} ${did}`, { statement, from: new Set(from ? [from] : []), urgent });
    this.#timer ??= setTimeout(() => this.flush(), GOSSIP_MS * (0.5 + this.#options.random()));
  }

  /** A neighbour knows this too. */
  known(did: Did, kind: Statement["kind"], by: Did): void {
    this.#waiting.get(`${kind} ${did}`)?.from.add(by);
  }

  /** Passes everything on now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { neighbours, random, send } = this.#options;
    const all = neighbours();
    const parcels = new Map<Did, Statement[]>();
    for (const { statement, from, urgent } of this.#waiting.values()) {
      const ignorant = all.filter((did) => !from.has(did));
      for (const did of urgent ? ignorant : sample(ignorant, GOSSIP_FANOUT, random)) {
        const parcel = parcels.get(did);
        if (parcel) parcel.push(statement);
        else parcels.set(did, [statement]);
      }
    }
    this.#waiting.clear();
    for (const [did, statements] of parcels) send(did, statements);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }
}

/** The encoded frames of `gossip` that carry these statements. `isNews`: they go to several neighbours, so what is encoded is kept. */
export function gossipFrames(statements: readonly Statement[], isNews: boolean): Bytes[] {
  const portions: Bytes[][] = [];
  let bytes = Infinity;
  for (const statement of statements) {
    const encoded = isNews ? encodedOf(statement) : encodeCbor(statement);
    let last = portions.at(-1);
    if (!last || last.length >= STATEMENTS_PER_FRAME || bytes + encoded.length > GOSSIP_FRAME_BYTES) {
      last = [];
      portions.push(last);
      bytes = 0;
    }
    last.push(encoded);
    bytes += encoded.length;
  }
  return portions.map((portion) => concat(headOf(portion.length), ...portion));
}

/** The start of a frame with `count` statements, which follow it as they are. */
function headOf(count: number): Bytes {
  const head = heads.get(count) ?? encodeCbor({ statements: new Array<number>(count).fill(0) }).slice(0, -count);
  heads.set(count, head);
  return head;
}

const heads = new Map<number, Bytes>();

/** News is encoded once for all neighbours that it goes to. */
const encodings = new WeakMap<Statement, Bytes>();

function encodedOf(statement: Statement): Bytes {
  const known = encodings.get(statement) ?? encodeCbor(statement);
  encodings.set(statement, known);
  return known;
}
