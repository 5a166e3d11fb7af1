/** The parts of the grid that the page needs before the grid itself is loaded. */
export { DEFAULT_SAMPLING, localTime } from "../inference/parts";
export { shownParts } from "./conversations/shown";
export { MAX_MESSAGE_CHARS } from "./conversations/limits";
export { setAside, showVersion, versionOf } from "./conversations/versions";
export { Delivered, lossText } from "../node/parts";
export { MAX_NAME_CHARS, TOLD_TO_GUESTS, TOLD_TO_MEMBERS } from "../room/parts";
