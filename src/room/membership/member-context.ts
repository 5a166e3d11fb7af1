/** The node behind a membership. */
import type { Revocations, Signed, Signer } from "../../identity";

/** The identity of a member, which it has in every room. */
export interface MemberContext {
  readonly signer: Signer;
  /** Keys of houses that this device can sign with now, besides the node's own key. */
  governors(): Promise<readonly Signer[]>;
  /** All revocations that this node has heard of. */
  readonly revocations: Revocations;
  /** Takes a revocation; true if it is news. Throws `peer-protocol` if it is not valid. */
  hear(revocation: Signed): Promise<boolean>;
}
