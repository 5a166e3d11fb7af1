/** Backups: exports all data of the user into one encrypted file, and restores it. */
export { conversationsPart, housePart, roomsPart, settingsPart } from "./parts";
export { exportParts, restoreParts } from "./portable";
export type { PortablePart } from "./portable";
