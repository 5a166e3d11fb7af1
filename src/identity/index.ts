/** Who a node is: its key, its did, its signatures. */
export { didFromPublicKey, publicKeyFromDid } from "./did";
export { makeEphemeralKey, openNodeKey, verifySignature } from "./node-key";
export type { Signer } from "./node-key";
