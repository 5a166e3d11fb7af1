/** Finds out how a model writes calls, from what its template and its tokenizer know. */
import type { ToolFormatName } from "./schemas";

/** Texts that a model must know all of to write calls in a format. The first format that fits is the model's. */
const SIGNS: readonly (readonly [ToolFormatName, ...(readonly string[])])[] = [
  ["harmony", "<|channel|>", "<|message|>"],
  ["deepseek", "<｜tool▁call▁begin｜>"],
  ["mistral-args", "[TOOL_CALLS]", "[ARGS]"],
  ["mistral-list", "[TOOL_CALLS]"],
  ["lfm2", "<|tool_list_start|>"],
  ["lfm2", "<|tool_call_start|>"],
  ["function-gemma", "<start_function_call>"],
  ["gemma4", "<|tool_call>", "<tool_call|>"],
  ["phi4", "<|tool_call|>", "<|/tool_call|>"],
  ["granite", "<|tool_call|>"],
  ["qwen-xml", "<function=", "<parameter="],
  ["hermes", "<tool_call>"],
  ["pythonic", "[func_name1("],
  ["pythonic", "<|python_start|>"],
  ["llama-json", '"parameters": '],
];

/**
 * The format of a model whose template has a place for tools; `has` says whether its template or its tokenizer knows a text.
 * Undefined for a format that is not known here.
 */
export function detectToolFormat(has: (text: string) => boolean): ToolFormatName | undefined {
  return SIGNS.find(([, ...texts]) => texts.every(has))?.[0];
}
