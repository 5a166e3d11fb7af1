/** The elements for the npm package: importing this registers nothing. */
export { MicrogridChat } from "./chat-element";
export { defineElements } from "./define";
export type { MicrogridElementEvents } from "./events";
export { shareGrid } from "./site";
