/** Refusals in the words of OpenAI's APIs: clients hear which field of theirs is meant. */
import { MicrogridError } from "../core";
import { type GenerationRequest, GenerationRequestSchema } from "../inference";
import { checked } from "./check";

/** The names that one of OpenAI's APIs has for parts of a request; absent for parts that it does not have. */
export interface FieldNames {
  /** The chat, the text or the texts that the model reads. */
  readonly text: "messages" | "input" | "prompt";
  /** The form of the answer. */
  readonly format?: string;
  /** How much the model thinks. */
  readonly effort?: string;
  /** Variables of the chat template that the request sets by `chat_template_kwargs`. */
  readonly kwargs?: readonly string[];
}

/** The variable of chat templates that every API has a field for. */
const EFFORT = "reasoning_effort";

/** Checks what an API's own schema leaves open, such as limits of sizes. Throws `bad-request`, which names the field. */
export function checkGeneration(generation: GenerationRequest, names: FieldNames): void {
  checked(GenerationRequestSchema, generation, (path) => clientField(path, names) ?? path);
}

/** An error of the node or of an engine, about the client's field instead of the part of our own request. */
export function withField(error: unknown, names: FieldNames): unknown {
  if (!(error instanceof MicrogridError)) return error;
  const { code, message, cause, field: path } = error;
  // Some libraries only say that it was too long, and that is always the text.
  const field = code === "context-exceeded" ? names.text : path && clientField(path, names);
  return field === path ? error : new MicrogridError(code, message, { cause, field });
}

/** The client's name for a part of a request; undefined if it has none. Peers name parts, too, so the path can be anything. */
function clientField(path: string, { text, format, effort, kwargs }: FieldNames): string | undefined {
  const [part = "", place] = path.split(".");
  switch (part) {
    case "messages":
      return text === "messages" && place !== undefined ? `messages.${place}` : text;
    case "prompt":
    case "inputs":
      return text;
    case "tools":
      return place === undefined ? "tools" : `tools.${place}`;
    case "format":
      return format;
    case "template": {
      const variable = path.slice(part.length + 1);
      if (kwargs?.includes(variable)) return `chat_template_kwargs.${variable}`;
      return variable === EFFORT ? effort : undefined;
    }
    case "logitBias":
      return "logit_bias";
    case "dimensions":
      return "dimensions";
    default:
      return undefined;
  }
}
