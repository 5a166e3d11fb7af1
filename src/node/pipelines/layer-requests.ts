/** Members that would like this device to hold layers, until its user says whether that is welcome. */
import { type Did, putNewest } from "../../core";

/** Most wishes that are shown; the user's answer applies to all of them. */
const MAX_WISHES = 8;

/** The last wish of each member. */
export class LayerRequests {
  readonly #models = new Map<Did, string>();

  add(member: Did, model: string): void {
    putNewest(this.#models, member, model, MAX_WISHES);
  }

  /** Called when the user has decided. */
  clear(): void {
    this.#models.clear();
  }

  /** The wishes of members that are still there. */
  of(isHere: (member: Did) => boolean): readonly { readonly member: Did; readonly model: string }[] {
    return [...this.#models].filter(([member]) => isHere(member)).map(([member, model]) => ({ member, model }));
  }
}
