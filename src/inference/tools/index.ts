/** Tools: how models are told about them, and how they write calls. */
export type { ToolPart } from "./calls";
export { argumentSchemas, followed, isText, asObject, textsOf } from "./argument-schemas";
export { detectToolFormat } from "./detect";
export { CALL_FORMATS } from "./formats";
export { genericChat } from "./generic";
export { type JsonObject, jsonObject, withTexts } from "./json";
export { type ToolDefinition, offeredTools, toolDefinition } from "./offered";
export { toolReader } from "./reader";
export type { Tool, ToolFormatName } from "./schemas";
