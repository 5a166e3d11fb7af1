/** The room of a node, and what pages see of it. */
export { GridRoom } from "./grid-room";
export type { HandOfferText } from "./hand-links";
export { NodeRoom } from "./node-room";
