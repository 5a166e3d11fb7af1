/** Membership of a room: genesis, charter, epochs, proofs and tokens. */
export { CHARTER, CHARTER_RULES, openCharter, readCharter, supersedes } from "./charter";
export type { Charter, CharterRule, CharterTerms, SignedTerms } from "./charter";
export { needsEpoch } from "./changes";
export { CharterGuard } from "./enforcement";
export { DoubleSchema } from "./doubles";
export { EPOCH, EpochsSchema, RemovalSchema, openRecords, outranks, readEpoch } from "./epochs";
export type { Removals } from "./epochs";
export { GivenPlaces } from "./given-places";
export { readGenesis } from "./genesis";
export { HeadSchema, isAbout, openHead } from "./head";
export type { FoundersHead } from "./head";
export { Membership } from "./membership";
export type { Admission, MemberContext } from "./member-context";
export type { MembershipParts } from "./membership";
export { beginMembership, found } from "./parts";
export { ProofSchema, examine, hasEnded, restsOn, sameProof } from "./proof";
export type { Proof, Standing } from "./proof";
export { givingWay } from "./shares";
export {
  checkMemberships,
  exportMemberships,
  forgetMembership,
  keptRooms,
  loadMembership,
  readMemberships,
  saveMembership,
} from "./store";
export { readToken } from "../invite/token";
export type { OpenedToken } from "../invite/token";
export { houseOf } from "./vouching";
