/** News on their way: gathered for a moment, then passed on to neighbours that have not shown that they know them. */
import { type Did, encodeCbor } from "../../core";
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
  known(did: Did, statement: Statement, by: Did): void {
    this.#waiting.get(`${statement.kind} ${did}`)?.from.add(by);
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

/** Statements in portions that fit a frame. */
export function portions(statements: readonly Statement[]): Statement[][] {
  const result: Statement[][] = [];
  let bytes = Infinity;
  for (const statement of statements) {
    const size = encodedBytes(statement);
    let last = result.at(-1);
    if (!last || last.length >= STATEMENTS_PER_FRAME || bytes + size > GOSSIP_FRAME_BYTES) {
      last = [];
      result.push(last);
      bytes = 0;
    }
    last.push(statement);
    bytes += size;
  }
  return result;
}

/** A statement is encoded for each neighbour that it goes to, but measured once. */
const sizes = new WeakMap<Statement, number>();

function encodedBytes(statement: Statement): number {
  const known = sizes.get(statement) ?? encodeCbor(statement).length;
  sizes.set(statement, known);
  return known;
}
