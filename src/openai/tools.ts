/** The tools of a request, and the form that its answer must have. */
import * as v from "valibot";
import type { GenerationRequest } from "../inference";
import { refusedField } from "./check";
import { maybe } from "./fields";

const JsonSchema = v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "It has to be a JSON Schema",
);
const description = maybe(v.string());

/** A function as a tool, in the fields of the chat API (inside of `function`) and of the responses API. */
export const functionFields = {
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_.-]{1,64}$/, "A name has 1 to 64 letters, digits, _, - or .")),
  description,
  parameters: maybe(JsonSchema),
  strict: maybe(v.boolean()),
};
const FunctionTool = v.object(functionFields);

/** The tools of a chat. */
export const Tools = v.array(
  v.strictObject({
    type: v.literal("function", "Only functions can be tools"),
    function: v.strictObject(functionFields),
  }),
);

/** Which tools the model may or must call. */
export const ToolChoiceField = v.union(
  [
    v.picklist(["auto", "none", "required"]),
    v.strictObject({ type: v.literal("function"), function: v.strictObject({ name: v.string() }) }),
  ],
  "It has to be “auto”, “none”, “required”, or a function by its name",
);

const schemaFields = {
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]{1,64}$/, "A name has 1 to 64 letters, digits, _ or -")),
  description,
  schema: maybe(JsonSchema),
  strict: maybe(v.boolean()),
};
const grammar = v.strictObject({
  type: v.literal("grammar"),
  syntax: v.picklist(["ebnf", "regex"]),
  definition: v.string(),
});
const plain = [
  v.strictObject({ type: v.literal("text") }),
  v.strictObject({ type: v.literal("json_object") }),
] as const;
const FORMATS = "Its type has to be “text”, “json_object”, “json_schema” or “grammar”";

/** The form of an answer, in the chat API. */
export const ResponseFormat = v.variant(
  "type",
  [...plain, v.strictObject({ type: v.literal("json_schema"), json_schema: v.strictObject(schemaFields) }), grammar],
  FORMATS,
);

/** The form of an answer, in the responses API. */
export const TextFormat = v.variant(
  "type",
  [...plain, v.strictObject({ type: v.literal("json_schema"), ...schemaFields }), grammar],
  FORMATS,
);

type Format = v.InferOutput<typeof ResponseFormat> | v.InferOutput<typeof TextFormat>;

/** The form of an answer, as the engines hold the model to it. */
export function formatOf(format: Format | null | undefined): Pick<GenerationRequest, "format"> {
  switch (format?.type) {
    case undefined:
    case "text":
      return {};
    case "json_object":
      return { format: { type: "json" } };
    case "grammar":
      return format.syntax === "regex"
        ? { format: { type: "regex", pattern: format.definition } }
        : { format: { type: "grammar", grammar: format.definition } };
    case "json_schema": {
      const { schema } = "json_schema" in format ? format.json_schema : format;
      return { format: schema ? { type: "schema", schema: JSON.stringify(schema) } : { type: "json" } };
    }
  }
}

/** The tools, as the engines give them to a model. Throws `bad-request` for a choice among tools that are not there. */
export function toolsOf(
  tools: readonly v.InferOutput<typeof FunctionTool>[],
  choice: "auto" | "none" | "required" | { readonly name: string } | null | undefined,
  parallel: boolean | null | undefined,
): Pick<GenerationRequest, "tools" | "toolChoice" | "parallelToolCalls"> {
  if (choice != null && choice !== "none" && tools.length === 0) {
    throw refusedField("tool_choice", "There are no “tools”.");
  }
  if (typeof choice === "object" && choice && !tools.some(({ name }) => name === choice.name)) {
    throw refusedField("tool_choice", `There is no tool “${choice.name}”.`);
  }
  if (tools.length === 0) return {};
  return {
    tools: tools.map(({ name, description: text, parameters, strict }) => ({
      name,
      ...(text != null && { description: text }),
      ...(parameters && { parameters: JSON.stringify(parameters) }),
      ...(strict != null && { strict }),
    })),
    // The responses API has a type beside the name.
    ...(choice != null && { toolChoice: typeof choice === "string" ? choice : { name: choice.name } }),
    ...(parallel != null && { parallelToolCalls: parallel }),
  };
}
