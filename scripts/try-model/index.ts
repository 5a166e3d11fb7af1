/** Tries any model on the CPU, as `npm run try:model` does. */
export { certify } from "./certificate";
export type { Trial } from "./certificate";
export { findModel } from "./files";
