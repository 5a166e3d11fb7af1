/** The room of a node, and what pages see of it. */
export { countAnswer } from "./habits";
export { NodeRoom } from "./node-room";
export { roomOf, roomsOf } from "./verbs";
