/** Statements come from several neighbours; all but the first are known by their signatures and cost nothing. */
import { type Did, toHex } from "../../core";
import { MAX_NODES } from "../constants";
import type { Statement } from "./statements";

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
}

/** Nobody can make another valid statement with the same signature. */
function nameOf({ signed }: Statement): string {
  return toHex(signed.signatures[0]?.sig ?? new Uint8Array());
}
