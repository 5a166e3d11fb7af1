/** The node behind a membership, and the data that makes a guest one. */
import type { Revocations, Signed, Signer } from "../../identity";
import type { Epochs } from "./epochs";
import type { GivenPlaces } from "./given-places";
import type { Proof } from "./proof";

/** The identity of a member, which it has in every room. */
export interface MemberContext {
  readonly signer: Signer;
  /** Keys of houses that this device can sign with now, besides the node's own key. */
  governors(): Promise<readonly Signer[]>;
  /** All revocations that this node has heard of. */
  readonly revocations: Revocations;
  /** The places that this node has given to others in its rooms. */
  readonly given: GivenPlaces;
  /** Takes a revocation; true if it is news. Throws `peer-protocol` if it is not valid. */
  hear(revocation: Signed): Promise<boolean>;
}

/** The data that makes a guest a member: its proof, and the epochs up to the one in which it was admitted. */
export interface Admission {
  readonly proof: Proof;
  readonly epochs: Epochs;
}
