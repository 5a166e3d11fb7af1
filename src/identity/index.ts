/** Who a node is: its key, its did, its signatures, and the house that vouches for it. */
export { MAX_HOUSE_NAME_CHARS, Revocations, SCOPES, delegate, openDelegation, revoke } from "./delegation";
export type { Delegation, Revocation, Scope } from "./delegation";
export { didFromPublicKey, publicKeyFromDid } from "./did";
export { makeEphemeralKey, openNodeKey, verifySignature } from "./node-key";
export type { Signer } from "./node-key";
export {
  DidSchema,
  SignedSchema,
  addSignature,
  bytesSchema,
  openStatement,
  signStatement,
  statementHash,
} from "./signed";
export type { Opened, Signed, StatementKind } from "./signed";
