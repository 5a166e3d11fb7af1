/** The events of a house, for the rest of the node. */
import type { Signed } from "../../identity";

export interface NodeHouseEvents {
  /** `state` or `delegation()` has changed. */
  change: undefined;
  /** A new revocation, which rooms pass on. */
  revocation: Signed;
  /** A sentence that the owner should see. */
  notice: string;
}
