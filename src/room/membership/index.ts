/** Membership of a room: genesis, charter, epochs, proofs and tokens. */
export { CHARTER, CHARTER_RULES, openCharter, readCharter, supersedes } from "./charter";
export type { Charter, CharterRule, CharterTerms, SignedTerms } from "./charter";
export { CharterGuard } from "./enforcement";
export { EPOCH, EpochsSchema, outranks, readEpoch } from "./epochs";
export { readGenesis } from "./genesis";
export { Membership } from "./membership";
export type { Admission, MemberContext, MembershipParts } from "./membership";
export { beginMembership, found } from "./parts";
export { ProofSchema, examine, hasEnded, houseOf, sameProof, saysNotAMember } from "./proof";
export type { Proof, Standing } from "./proof";
export {
  exportMemberships,
  forgetMembership,
  keptRooms,
  loadMembership,
  readMemberships,
  saveMembership,
} from "./store";
export { readToken } from "../invite/token";
export type { OpenedToken } from "../invite/token";
