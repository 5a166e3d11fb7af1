/** The elements for the npm package: importing this registers nothing. */
export { MicrogridChat } from "./chat-element";
export { defineElements } from "./define";
export type { MicrogridElementEvents } from "./events";
export type { NodeState } from "./lending";
export { MicrogridNode } from "./node-element";
export { MicrogridRoom } from "./room-element";
export { shareGrid } from "./site";
