/** The room of a node, and what pages see of it. */
export { roomMethods } from "./calls";
export type { RoomCalls } from "./calls";
export { NodeRoom } from "./node-room";
