/** Backups: exports all data of the user into one encrypted file, and restores it. */
export { conversationsPart, housePart, roomsPart } from "./parts";
export { exportParts, readBackup } from "./portable";
export type { BackupChange, PortablePart, ReadChange } from "./portable";
export { settingsPart } from "./settings";
