/** Larger rooms: who is there by gossip, and which links that asks for. */
export { LINKS_WANTED, OFFERS_PER_CARD } from "./constants";
export { sample } from "./links";
export { MemberDirectory } from "./directory";
export type { Card, CardTerms } from "./statements";
export { LinkKeeper } from "./link-keeper";
