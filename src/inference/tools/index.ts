/** Tools: how models are told about them, and how they write calls. */
export type { ToolPart } from "./calls";
export { genericChat } from "./generic";
export { type ToolReader, toolReader } from "./reader";
