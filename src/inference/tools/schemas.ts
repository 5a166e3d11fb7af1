/** Schemas of tools, of calls of them, and of the ways in which models write calls. */
import * as v from "valibot";
import type { DeepReadonly } from "../../core";
import { jsonObject } from "./json";

/** Most tools that a request may offer, as in OpenAI's API. */
const MAX_TOOLS = 128;
/** Most calls in one answer. */
const MAX_CALLS = 128;
/** Most characters of a description; longer ones help no model. */
const MAX_DESCRIPTION_CHARS = 16_384;
/** Most characters of a schema of parameters. */
const MAX_SCHEMA_CHARS = 65_536;

/** Names are written into the markup of calls, so they contain nothing that could be read as markup. */
const name = v.pipe(v.string(), v.maxLength(128), v.regex(/^[\w.-]+$/));

/** Links a call to its result. */
export const ToolCallIdSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

/** A function that the model may call. */
const ToolSchema = v.strictObject({
  name,
  description: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_DESCRIPTION_CHARS))),
  /** JSON text of the JSON Schema of the arguments, which are an object. Absent: the function takes none. */
  parameters: v.exactOptional(
    v.pipe(
      v.string(),
      v.maxLength(MAX_SCHEMA_CHARS),
      v.check((text) => jsonObject(text) !== undefined, "It has to be the JSON text of an object"),
    ),
  ),
  /** For callers that tell strict tools from others. Arguments always follow the schema as far as the model's format allows. */
  strict: v.exactOptional(v.boolean()),
});
export type Tool = DeepReadonly<v.InferOutput<typeof ToolSchema>>;

export const ToolsSchema = v.pipe(
  v.array(ToolSchema),
  v.minLength(1),
  v.maxLength(MAX_TOOLS),
  v.check((tools) => new Set(tools.map((tool) => tool.name)).size === tools.length, "Two tools have the same name"),
);

/** Whether the answer calls tools: as the model likes, not at all, at least one, or the one that is named. */
export const ToolChoiceSchema = v.union([v.picklist(["auto", "none", "required"]), v.strictObject({ name })]);

/** The calls of an earlier answer. */
export const ToolCallsSchema = v.pipe(
  v.array(
    v.strictObject({
      id: ToolCallIdSchema,
      name,
      /** JSON text, as the model wrote it. */
      arguments: v.string(),
    }),
  ),
  v.minLength(1),
  v.maxLength(MAX_CALLS),
);

/** How a model writes calls. `generic` is explained to it in the prompt, since its own template has no place for tools. */
export const ToolFormatNameSchema = v.picklist([
  "hermes",
  "qwen-xml",
  "llama-json",
  "pythonic",
  "mistral-list",
  "mistral-args",
  "phi4",
  "harmony",
  "lfm2",
  "granite",
  "deepseek",
  "function-gemma",
  "gemma4",
  "generic",
]);
export type ToolFormatName = v.InferOutput<typeof ToolFormatNameSchema>;
