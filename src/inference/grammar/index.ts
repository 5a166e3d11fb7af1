/** Formats of answers: grammars, and the constraint that keeps an answer in one. Loaded when a request first has a format. */
import { MicrogridError } from "../../core";
import type { ChatTokenizer } from "../tokenizer";
import type { AnswerFormat } from "../types";
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
const vocabularies = new WeakMap<ChatTokenizer, Vocabulary>();

export type { Constraint };

/** The constraint of one answer. Throws `bad-request` if the format cannot be honoured. */
export function constraintOf(format: AnswerFormat, tokenizer: ChatTokenizer, endIds: ReadonlySet<number>): Constraint {
  return new Constraint(statesOf(format), vocabularyOf(tokenizer), endIds);
}

/** The states of a format, of which the latest are kept. */
export function statesOf(format: AnswerFormat): States {
  const key = JSON.stringify(format);
  const states = known.get(key) ?? compiled(format);
  known.delete(key);
  known.set(key, states);
  if (known.size > MAX_KNOWN_FORMATS) known.delete(known.keys().next().value!);
  return states;
}

function compiled(format: AnswerFormat): States {
  try {
    return new States(grammarOf(format));
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

function vocabularyOf(tokenizer: ChatTokenizer): Vocabulary {
  let vocabulary = vocabularies.get(tokenizer);
  if (!vocabulary) {
    vocabulary = new Vocabulary(tokenizer.size, (id) =>
      tokenizer.isControl(id) ? new Uint8Array() : tokenizer.bytesOf(id),
    );
    vocabularies.set(tokenizer, vocabulary);
  }
  return vocabulary;
}
