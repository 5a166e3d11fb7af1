/** Statements come from several neighbours; all but the first are known by their signatures and cost nothing. */
import { type Did, cborEntries, cborField, toHex } from "../../core";
import { MAX_NODES } from "../constants";
import type { Statement } from "./statements";

/** One more copy of a statement. */
interface Copy {
  readonly did: Did;
  /** The kind that its sender gives. */
  readonly kind: unknown;
}

/** The statements that were taken lately. Those that were dropped are not: they must be looked at when they come again. */
export class SeenStatements {
  readonly #about = new Map<string, Did>();

  add(did: Did, statement: Statement): void {
    this.#about.set(nameOf(statement), did);
    for (const oldest of this.#about.keys()) {
      if (this.#about.size <= 2 * MAX_NODES) break;
      this.#about.delete(oldest);
    }
  }

  /** The member that a statement is about, if the statement was taken before. */
  about(statement: Statement): Did | undefined {
    return this.#about.get(nameOf(statement));
  }

  /** The same for the statements of a frame of `gossip` that is still encoded; undefined unless all of them were taken before. */
  aboutAll(gossip: Uint8Array): readonly Copy[] | undefined {
    const statements = cborEntries(gossip, ["statements"]);
    const copies: Copy[] = [];
    for (const statement of statements ?? []) {
      const [signature] = cborEntries(statement, ["signed", "signatures"]) ?? [];
      const sig = signature && cborField(signature, ["sig"]);
      const did = sig instanceof Uint8Array ? this.#about.get(toHex(sig)) : undefined;
      if (did === undefined) return undefined;
      copies.push({ did, kind: cborField(statement, ["kind"]) });
    }
    return statements && copies;
  }
}

/** Nobody can make another valid statement with the same signature. */
function nameOf({ signed }: Statement): string {
  return toHex(signed.signatures[0]?.sig ?? new Uint8Array());
}
