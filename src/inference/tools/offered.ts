/** The tools of a request, as prompts and constraints of answers need them. */
import type { GenerationRequest } from "../types";
import { type JsonObject, jsonObject } from "./json";
import type { Tool } from "./schemas";

/** The schema of a function without parameters. */
const NO_PARAMETERS: JsonObject = { type: "object", properties: {} };

/** A tool in OpenAI's form, which chat templates take. */
export interface ToolDefinition extends JsonObject {
  readonly type: "function";
  readonly function: { readonly name: string; readonly description: string; readonly parameters: JsonObject };
}

/** The tools that an answer may call; none if the request chose so. */
export function offeredTools({
  tools = [],
  toolChoice,
}: Pick<GenerationRequest, "tools" | "toolChoice">): readonly Tool[] {
  return toolChoice === "none" ? [] : tools;
}

/** A tool as it is described to a model. */
export function toolDefinition({ name, description, parameters }: Tool): ToolDefinition {
  const schema = parameters === undefined ? undefined : jsonObject(parameters);
  // Templates read the description of each tool without asking whether there is one.
  return { type: "function", function: { name, description: description ?? "", parameters: schema ?? NO_PARAMETERS } };
}
