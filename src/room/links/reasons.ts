/** The reasons with which links between members end, as the other side reads them. */
import { MAX_NODES } from "../constants";

export const ROOM_FULL = `the room is full (${MAX_NODES} devices)`;
/** A node has another link to the same node. */
export const ANOTHER_LINK = "another link is in use";
/** A node is linked to as many as it can take. */
export const TOO_MANY_LINKS = "it is linked to as many devices as it can take";
/** A larger room does not need this link. */
export const NOT_NEEDED = "the room is connected without this link";
