/** The grammar of gpt-oss: messages with headers, of which the last one is the answer or a call of a tool. */
import type { Tool } from "../../tools";
import { type Expression, type Grammar, NOTHING, choice, optional, repeat, sequence } from "../expressions";
import { Arguments } from "./arguments";
import { FreeText } from "./free-text";

const MARKS = ["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>"];
/** The type of a call's content, which the model may name in several ways, or not at all. */
const CONTENT_TYPE = optional(choice(" <|constrain|>json", "<|constrain|>json", " json"));

/**
 * The grammar of everything that the model writes behind the prompt, thoughts and headers as well: headers tell calls from
 * thoughts. A call ends the answer, as in the model's training. `tools` are those that may be called, `required` is true if one
 * has to be. `said` is the grammar of an answer without a call, if it has to have a form.
 */
export function harmonyGrammar(
  tools: readonly Tool[],
  rules: Map<string, Expression>,
  { required, said }: { readonly required: boolean; readonly said: Grammar | undefined },
): Grammar {
  const text = new FreeText(
    rules,
    "text of a message",
    MARKS.map((mark) => [mark, NOTHING]),
  ).any;
  const thought = sequence(
    "<|channel|>",
    choice("analysis", "commentary"),
    "<|message|>",
    text,
    "<|end|><|start|>assistant",
  );
  const calls = tools.map((tool) =>
    sequence(
      choice(
        sequence(`<|channel|>commentary to=functions.${tool.name}`, CONTENT_TYPE),
        sequence(` to=functions.${tool.name}<|channel|>commentary`, CONTENT_TYPE),
      ),
      "<|message|>",
      new Arguments(tool, rules).json(),
    ),
  );
  const answer = sequence("<|channel|>final<|message|>", said?.root ?? text);
  const last = choice(...calls, ...(required ? [] : [answer]));
  return { root: sequence(repeat(thought, 0, Number.POSITIVE_INFINITY), last), rules };
}
