/** Formats of answers: grammars, and the constraint that keeps an answer in one. Loaded when a request first has a format. */
import { MicrogridError } from "../../core";
import type { ChatTokenizer } from "../tokenizer";
import { type ToolFormatName, offeredTools } from "../tools";
import type { AnswerFormat, GenerationRequest } from "../types";
import { type CallRequest, callGrammar, includesThoughts } from "./calls/grammar";
import { Constraint } from "./constraint";
import { readEbnf } from "./ebnf";
import type { Grammar } from "./expressions";
import { JSON_OBJECT, readJsonSchema } from "./json/schema";
import { readRegex } from "./regex";
import { States } from "./states";
import { Vocabulary } from "./vocabulary";

/** Formats that are kept for the next request. */
const MAX_KNOWN_FORMATS = 16;

const known = new Map<string, States>();
/** By whether the marks of calls are text. */
const vocabularies = {
  true: new WeakMap<ChatTokenizer, Vocabulary>(),
  false: new WeakMap<ChatTokenizer, Vocabulary>(),
};

export type { Constraint };

/** The parts of a request that say which form its answer has. */
type FormRequest = Pick<GenerationRequest, "format"> & CallRequest;

/** The constraint of one answer; undefined if it may be anything. Throws `bad-request` if the format cannot be honoured. */
export function constraintOf(
  request: FormRequest,
  tokenizer: ChatTokenizer,
  endIds: ReadonlySet<number>,
): Constraint | undefined {
  if (offeredTools(request).length > 0) {
    const name = tokenizer.abilities?.tools ?? "generic";
    return new Constraint(callStates(request, name), {
      vocabulary: vocabularyOf(tokenizer, true),
      endIds,
      includesThoughts: includesThoughts(name),
    });
  }
  const { format } = request;
  const states = format && about("format", () => statesOf(format));
  return states && new Constraint(states, { vocabulary: vocabularyOf(tokenizer, false), endIds });
}

/** The states of a format, of which the latest are kept. */
export function statesOf(format: AnswerFormat): States {
  return kept(JSON.stringify(format), () => grammarOf(format));
}

function callStates(request: FormRequest, name: ToolFormatName): States {
  const { format, tools, toolChoice = "auto", parallelToolCalls } = request;
  const key = JSON.stringify([name, format, tools, toolChoice, parallelToolCalls]);
  const answer = (): Grammar | undefined => format && about("format", () => grammarOf(format));
  return about("tools", () => kept(key, () => callGrammar(name, request, answer())));
}

function kept(key: string, grammar: () => Grammar): States {
  const states = known.get(key) ?? compiled(grammar);
  known.delete(key);
  known.set(key, states);
  if (known.size > MAX_KNOWN_FORMATS) known.delete(known.keys().next().value!);
  return states;
}

function compiled(grammar: () => Grammar): States {
  try {
    return new States(grammar());
  } catch (cause) {
    // The stack ends where people do not nest any more.
    if (!(cause instanceof RangeError)) throw cause;
    throw new MicrogridError("bad-request", "The format that is asked for is nested too deep.", { cause });
  }
}

function grammarOf(format: AnswerFormat): Grammar {
  switch (format.type) {
    case "json":
      return JSON_OBJECT;
    case "schema":
      return readJsonSchema(format.schema);
    case "regex":
      return { root: readRegex(format.pattern, { whole: true }), rules: new Map() };
    case "grammar":
      return readEbnf(format.grammar);
  }
}

function vocabularyOf(tokenizer: ChatTokenizer, calls: boolean): Vocabulary {
  const kind = vocabularies[`${calls}`];
  let vocabulary = kind.get(tokenizer);
  if (!vocabulary) {
    vocabulary = new Vocabulary(tokenizer.size, (id) =>
      tokenizer.isControl(id, calls) ? new Uint8Array() : tokenizer.bytesOf(id, calls),
    );
    kind.set(tokenizer, vocabulary);
  }
  return vocabulary;
}

/** Does `work`, whose refusals are about this part of the request unless they name one themselves. */
function about<T>(field: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MicrogridError) || error.field !== undefined) throw error;
    throw new MicrogridError(error.code, error.message, { cause: error.cause, field });
  }
}
