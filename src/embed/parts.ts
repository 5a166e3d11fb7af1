/** The elements for the npm package: importing this registers nothing. */
export { MicrogridChat } from "./chat-element";
export { defineElements } from "./define";
export type { MicrogridElementEvents, NodeState } from "./events";
export { MicrogridNode } from "./node-element";
export { MicrogridRoom } from "./room-element";
export { shareGrid } from "./site";
