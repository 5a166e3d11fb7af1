/** Refusals of the node and of engines, which know no fields of OpenAI's: clients hear which field of theirs is meant. */
import { MicrogridError } from "../core";
import { type GenerationRequest, GenerationRequestSchema } from "../inference";
import { aboutField, checked, fieldOf } from "./check";

/** The names that one of OpenAI's APIs has for parts of a request; absent for parts that it does not have. */
export interface FieldNames {
  /** The chat or the text that the model reads. */
  readonly text: "messages" | "input" | "prompt";
  /** The form of the answer. */
  readonly format?: string;
  /** How much the model thinks. */
  readonly effort?: string;
  /** Variables of the chat template that the request sets by `chat_template_kwargs`. */
  readonly kwargs?: readonly string[];
}

/** Words of engines for forms of answers and arguments. */
const FORM = /\b(?:schema|regular expression|grammar|format)\b/;
/** The variable of chat templates that every API has a field for. */
const EFFORT = "reasoning_effort";

/** Checks what an API's own schema leaves open, such as limits of sizes. Throws `bad-request`, which names the field. */
export function checkGeneration(generation: GenerationRequest, names: FieldNames): void {
  checked(GenerationRequestSchema, generation, (path) => {
    const [part, place] = path.split(".");
    if (part === "messages") return names.text === "messages" && place !== undefined ? `messages.${place}` : names.text;
    if (part === "tools") return place === undefined ? "tools" : `tools.${place}`;
    if (part === "format") return names.format ?? "";
    return part === "logitBias" ? "logit_bias" : (part ?? "");
  });
}

/** An error of the node or of an engine, with the field that it is about, where its code or its words tell. */
export function withField(error: unknown, generation: GenerationRequest, names: FieldNames): unknown {
  if (!(error instanceof MicrogridError) || fieldOf(error) !== undefined) return error;
  const field = error.code === "context-exceeded" ? names.text : refusedPart(error, generation, names);
  return field === undefined ? error : aboutField(field, error);
}

function refusedPart({ code, message }: MicrogridError, generation: GenerationRequest, names: FieldNames) {
  if (code !== "bad-request") return undefined;
  const quotes = (name: string): boolean => message.includes(`“${name}”`);
  const variable = Object.keys(generation.template ?? {}).find(quotes);
  if (variable !== undefined && names.kwargs?.includes(variable)) return `chat_template_kwargs.${variable}`;
  if (variable !== undefined) return variable === EFFORT ? names.effort : variable;
  if (generation.logitBias && quotes("logit_bias")) return "logit_bias";
  if (generation.format && FORM.test(message)) return names.format;
  if (generation.tools && FORM.test(message)) return "tools";
  return generation.prompt !== undefined && message.includes("prompt") ? names.text : undefined;
}
