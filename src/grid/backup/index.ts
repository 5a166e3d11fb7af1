/** Backups: everything that is the user's as one encrypted file, out and in. */
export { conversationsPart, housePart, roomsPart, settingsPart } from "./parts";
export type { Call } from "./parts";
export { exportParts, restoreParts } from "./portable";
export type { PortablePart } from "./portable";
