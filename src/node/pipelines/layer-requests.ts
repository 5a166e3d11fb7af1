/** Who would like this device to hold layers, while its user has not said whether that is welcome. */
import type { Did } from "../../core";

/** More are not shown: the answer is the same for all. */
const MAX_WISHES = 8;

/** The last wish of each member. */
export class LayerRequests {
  readonly #models = new Map<Did, string>();

  add(member: Did, model: string): void {
    this.#models.delete(member);
    this.#models.set(member, model);
    for (const oldest of [...this.#models.keys()].slice(0, -MAX_WISHES)) this.#models.delete(oldest);
  }

  /** The user has said something. */
  clear(): void {
    this.#models.clear();
  }

  /** Those of members who are (still) there. */
  of(isHere: (member: Did) => boolean): readonly { readonly member: Did; readonly model: string }[] {
    return [...this.#models].filter(([member]) => isHere(member)).map(([member, model]) => ({ member, model }));
  }
}
