/** Membership of a room: genesis, charter, epochs, proofs and tokens. */
export { CHARTER, CHARTER_RULES, openCharter, readCharter, supersedes } from "./charter";
export type { Charter, CharterRule, CharterTerms, SignedTerms } from "./charter";
export { CharterGuard } from "./enforcement";
export { EPOCH, EpochsSchema, RemovalSchema, openRecords, outranks, readEpoch } from "./epochs";
export type { Removals } from "./epochs";
export { readGenesis } from "./genesis";
export { HeadSchema, isAbout, openHead } from "./head";
export type { FoundersHead } from "./head";
export { Membership } from "./membership";
export type { Admission, MemberContext } from "./member-context";
export type { MembershipParts } from "./membership";
export { beginMembership, found } from "./parts";
export { ProofSchema, examine, hasEnded, houseOf, restsOn, sameProof } from "./proof";
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
