/** Statements come from several neighbours; all but the first are known by their signatures and cost nothing. */
import { type Did, cborEntries, cborPart } from "../../core";
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
    this.#about.set(nameOf(signed.signatures[0]?.sig), { did, kind });
    if (this.#about.size <= 2 * MAX_NODES) return;
    const [oldest] = this.#about.keys();
    if (oldest !== undefined) this.#about.delete(oldest);
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

/** Nobody can make another valid statement with the same signature. */
function nameOf(signature: Uint8Array = new Uint8Array()): string {
  return String.fromCharCode(...signature);
}
