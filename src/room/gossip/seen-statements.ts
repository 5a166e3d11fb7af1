/** Statements come from several neighbours; all but the first are known by their signatures and cost nothing. */
import { type Did, cborEntries, cborPart, putNewest } from "../../core";
import { MAX_NODES } from "../constants";
import type { Statement } from "./statements";

/** A signature, and the head that says how long it is. */
const SIGNATURE_BYTES = 64;
const ENCODED_BYTES = 2 + SIGNATURE_BYTES;

/** The kind of a statement, and the member that it is about. */
interface Seen {
  readonly did: Did;
  readonly kind: Statement["kind"];
}

/** The statements that were taken lately. Those that were dropped are not: they must be looked at when they come again. */
export class SeenStatements {
  readonly #about = new Map<string, Seen>();

  add(did: Did, { kind, signed }: Statement): void {
    putNewest(this.#about, nameOf(signed.signatures[0]?.sig), { did, kind }, 2 * MAX_NODES);
  }

  /** The member that a statement is about, if the statement was taken before. */
  about({ signed }: Statement): Did | undefined {
    return this.#about.get(nameOf(signed.signatures[0]?.sig))?.did;
  }

  /** The statements of a frame of `gossip` that is still encoded; undefined unless all of them were taken before. */
  all(gossip: Uint8Array): readonly Seen[] | undefined {
    const seen: Seen[] = [];
    const statements = cborEntries(gossip, ["statements"]);
    for (const statement of statements ?? []) {
      const [signature] = cborEntries(statement, ["signed", "signatures"]) ?? [];
      const sig = signature && cborPart(signature, ["sig"]);
      const known = sig?.length === ENCODED_BYTES ? this.#about.get(nameOf(sig.subarray(2))) : undefined;
      if (!known) return undefined;
      seen.push(known);
    }
    return statements && seen;
  }
}

/**
 * 128 bits of a signature's second half, the number S: whoever signs cannot choose them, so two statements share a name by accident only.
 * Names are made for each statement of each neighbour, so this one is written out: a spread of all bytes takes 30 times as long.
 */
function nameOf(sig: Uint8Array | undefined): string {
  if (sig?.length !== SIGNATURE_BYTES) return "";
  const pair = (at: number): number => sig[at]! | (sig[at + 1]! << 8);
  return String.fromCharCode(pair(32), pair(34), pair(36), pair(38), pair(40), pair(42), pair(44), pair(46));
}
