/** The identity of a node: its key, its did, its signatures, and the house that vouches for it. */
export { HouseNameSchema, MAX_HOUSE_NAME_CHARS, SCOPES, delegate, openDelegation, readDelegation } from "./delegation";
export type { Delegation, Scope } from "./delegation";
export { didFromPublicKey, publicKeyFromDid } from "./did";
export { houseSigner, makeHouseSecret } from "./house-key";
export { MemoryKeep, openKeep } from "./keep";
export type { Keep } from "./keep";
export { makeEphemeralKey, openNodeKey, verifySignature } from "./node-key";
export type { Signer } from "./node-key";
export { phraseOfSecret, secretOfPhrase } from "./phrase";
export { MAX_SEALED_BYTES, MIN_PASSPHRASE_CHARS, openSealedFile, sealFile } from "./sealed-file";
export {
  DidSchema,
  SignedSchema,
  addSignature,
  bytesSchema,
  openStatement,
  readStatement,
  signStatement,
} from "./signed";
export type { Opened, Signed, StatementKind, UnverifiedStatement } from "./signed";
export { WrappedSchema, unwrapSecret, wrapSecret } from "./vault";
export type { Wrapped } from "./vault";
export { Revocations, revoke, subjectOfRevocation } from "./revocations";
export type { Revocation } from "./revocations";
