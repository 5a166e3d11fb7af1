/** The grammar of answers that may call tools, in the form of each family. */
import { type Tool, type ToolFormatName, offeredTools } from "../../tools";
import type { GenerationRequest } from "../../types";
import { type Expression, type Grammar, NOTHING, char, choice, optional, repeat, sequence } from "../expressions";
import { Arguments } from "./arguments";
import { FreeText } from "./free-text";
import { harmonyGrammar } from "./harmony";

const MANY = Number.POSITIVE_INFINITY;
const SPACES = " \n\r\t";
/** Beginnings of objects that a reader takes for calls. */
const OBJECT_FIELDS = ["name", "function", "tool", "type", "id", "index", "arguments", "parameters"].map(
  (field) => `"${field}`,
);

/** The parts of a request that say which calls its answer may have. */
export type CallRequest = Pick<GenerationRequest, "tools" | "toolChoice" | "parallelToolCalls">;

/** How calls are written: the mark before them, and everything behind it. */
interface CallText {
  /** Empty if calls begin without a mark. */
  readonly open: string;
  readonly calls: Expression;
  /** Marks that must not be in a text, since a reader would take what follows for a call. */
  readonly forbidden?: readonly string[];
  /** The text at the beginning of an answer that is no call, if calls begin without a mark. */
  readonly noCall?: (text: FreeText) => Expression;
}

/** One tool whose calls are written. */
interface Callable {
  readonly name: string;
  readonly args: Arguments;
}

/** True for a format whose grammar is that of everything the model writes, and not only of the answer behind its thoughts. */
export function includesThoughts(format: ToolFormatName): boolean {
  return format === "harmony";
}

/**
 * The grammar of an answer with tools. `said` is the grammar of an answer that calls none, if it has to have a form. Throws
 * `bad-request` for a strict schema that cannot be honoured.
 */
export function callGrammar(format: ToolFormatName, request: CallRequest, said?: Grammar): Grammar {
  const { toolChoice: choiceOf = "auto", parallelToolCalls = true } = request;
  const chosen = offeredTools(request).filter((tool) => typeof choiceOf === "string" || tool.name === choiceOf.name);
  const rules = new Map(said?.rules);
  if (format === "harmony") return harmonyGrammar(chosen, rules, { required: choiceOf !== "auto", said });
  const { open, calls, forbidden = [], noCall } = callText(format, chosen, parallelToolCalls, rules);
  const call = sequence(open, calls);
  if (choiceOf !== "auto") return { root: call, rules };
  if (said) return { root: choice(said.root, call), rules };
  const marks = [
    ...forbidden.map((mark) => [mark, NOTHING] as const),
    ...(open === "" ? [] : [[open, calls] as const]),
  ];
  const free = new FreeText(rules, "free text", marks);
  return { root: noCall ? choice(call, noCall(free)) : free.any, rules };
}

function callText(
  format: Exclude<ToolFormatName, "harmony">,
  tools: readonly Tool[],
  parallel: boolean,
  rules: Map<string, Expression>,
): CallText {
  const callables = tools.map((tool): Callable => ({ name: tool.name, args: new Arguments(tool, rules) }));
  const oneOf = (written: (callable: Callable) => Expression): Expression => choice(...callables.map(written));
  /** A call, and further ones behind a separator. */
  const many = (call: Expression, separator: string): Expression =>
    parallel ? sequence(call, repeat(sequence(separator, call), 0, MANY)) : call;
  const object = (key: string): Expression =>
    oneOf(({ name, args }) => sequence(`{"name": ${JSON.stringify(name)}, "${key}": `, args.json(), "}"));
  const list = (): Expression => sequence("[", many(object("arguments"), ", "), "]");
  const pythonList = (): Expression =>
    sequence(
      "[",
      many(
        oneOf(({ name, args }) => sequence(`${name}(`, args.python(), ")")),
        ", ",
      ),
      "]",
    );
  const gemma = (open: string, close: string, quote: string): CallText => {
    const call = oneOf(({ name, args }) => sequence(`call:${name}{`, args.gemma(quote), `}${close}`));
    return { open, calls: many(call, open) };
  };

  switch (format) {
    case "hermes":
    case "generic": {
      const call = sequence("\n", object("arguments"), "\n</tool_call>");
      return { open: "<tool_call>", calls: many(call, "\n<tool_call>") };
    }
    case "qwen-xml": {
      const call = oneOf(({ name, args }) =>
        sequence(`\n<function=${name}>\n`, args.xml(), "</function>\n</tool_call>"),
      );
      return { open: "<tool_call>", calls: many(call, "\n<tool_call>"), forbidden: ["<function="] };
    }
    case "llama-json":
      return {
        open: "",
        calls: many(object("parameters"), "; "),
        forbidden: ["<|python_tag|>"],
        noCall: (text) =>
          spaced(choice(text.unlike(["{"], SPACES), sequence("{", spaced(text.unlike(OBJECT_FIELDS, SPACES))))),
      };
    case "pythonic":
      return {
        open: "",
        calls: pythonList(),
        forbidden: ["<|python_start|>", "<|python_tag|>"],
        noCall: (text) =>
          spaced(
            text.unlike(
              tools.map(({ name }) => `[${name}(`),
              SPACES,
            ),
          ),
      };
    case "mistral-list":
      return { open: "[TOOL_CALLS]", calls: sequence(optional(" "), list()) };
    case "mistral-args": {
      const call = oneOf(({ name, args }) => sequence(`${name}[ARGS]`, args.json()));
      return { open: "[TOOL_CALLS]", calls: many(call, "[TOOL_CALLS]") };
    }
    case "phi4":
      return { open: "<|tool_call|>", calls: sequence(list(), "<|/tool_call|>") };
    case "granite":
      return { open: "<|tool_call|>", calls: list() };
    case "lfm2":
      return { open: "<|tool_call_start|>", calls: sequence(pythonList(), "<|tool_call_end|>") };
    case "deepseek": {
      const begin = "<｜tool▁call▁begin｜>";
      const call = oneOf(({ name, args }) =>
        sequence(`${begin}function<｜tool▁sep｜>${name}\n\`\`\`json\n`, args.json(), "\n```<｜tool▁call▁end｜>"),
      );
      return {
        open: "<｜tool▁calls▁begin｜>",
        calls: sequence(many(call, "\n"), "<｜tool▁calls▁end｜>"),
        forbidden: [begin],
      };
    }
    case "function-gemma":
      return gemma("<start_function_call>", "<end_function_call>", "<escape>");
    case "gemma4":
      return gemma("<|tool_call>", "<tool_call|>", '<|"|>');
  }
}

/** Space, and a text behind it. */
function spaced(text: Expression): Expression {
  return sequence(repeat(char(...Array.from(SPACES)), 0, MANY), text);
}
