/** The parts of rooms that the page needs before the network code is loaded. */
export { MAX_NAME_CHARS } from "./constants";
export { TOLD_TO_GUESTS, TOLD_TO_MEMBERS } from "./told";
