/** Tools for models whose chat template has no place for them: the prompt explains them, and calls and results are plain text. */
import type { ChatMessage } from "../types";
import { pythonJson } from "./json";
import type { ToolDefinition } from "./offered";

/** The text between parts of one message. */
const BETWEEN = "\n\n";

/** A message of a chat, with anything else that belongs to it. */
interface Message extends Pick<ChatMessage, "role" | "content" | "toolCallId"> {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string }[];
}

/**
 * The chat as messages of system, user and assistant alone, in the words that Hermes and Qwen were trained with. A chat without
 * tools and calls stays as it is.
 */
export function genericChat<M extends Message>(messages: readonly M[], tools: readonly ToolDefinition[]): readonly M[] {
  const plain: M[] = [];
  for (const [index, message] of messages.entries()) {
    const last = plain.at(-1);
    const isResult = message.role === "tool";
    // Results of calls that were made at once are one turn.
    if (isResult && messages[index - 1]?.role === "tool" && last)
      plain.splice(-1, 1, { ...last, content: `${last.content}\n${resultText(message)}` });
    else if (isResult) plain.push(without({ ...message, role: "user", content: resultText(message) }));
    else
      plain.push(message.toolCalls === undefined ? message : without({ ...message, content: textWithCalls(message) }));
  }
  if (tools.length === 0) return plain;
  const text = instructions(tools);
  const [first, ...others] = plain;
  return first?.role === "system"
    ? [{ ...first, content: first.content === "" ? text : first.content + BETWEEN + text }, ...others]
    : [{ role: "system", content: text } as M, ...plain];
}

/** A message without what only calls and results have. */
function without<M extends Message>({ toolCalls: _, toolCallId: __, ...rest }: M): M {
  return rest as M;
}

function resultText({ content }: Message): string {
  return `<tool_response>\n${content}\n</tool_response>`;
}

function textWithCalls({ content, toolCalls = [] }: Message): string {
  const calls = toolCalls.map(
    (call) => `<tool_call>\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}\n</tool_call>`,
  );
  return [...(content === "" ? [] : [content]), ...calls].join("\n");
}

function instructions(definitions: readonly ToolDefinition[]): string {
  return `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
${definitions.map(pythonJson).join("\n")}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`;
}
