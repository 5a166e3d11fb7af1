/** Tries models on the CPU, as `npm run try:model` does. */
export { certify } from "./certificate";
export type { Candidate, Trial } from "./certificate";
export { findModel } from "./files";
export { families, readTable, realModels, row, writeTable } from "./table";
export type { Row } from "./table";
