/** Tools for models whose chat template has no place for them: the prompt explains them, and calls and results are plain text. */
import type { ChatMessage, GenerationRequest } from "../types";
import { pythonJson } from "./json";
import { offeredTools, toolDefinition } from "./offered";

/** The text between parts of one message. */
const BETWEEN = "\n\n";

/**
 * The chat as messages of system, user and assistant alone, in the words that Hermes and Qwen were trained with. A chat without
 * tools and calls stays as it is.
 */
export function genericChat(
  messages: readonly ChatMessage[],
  request: Pick<GenerationRequest, "tools" | "toolChoice">,
): readonly ChatMessage[] {
  const plain = messages.map(plainMessage).reduce<ChatMessage[]>((chat, message, index) => {
    const last = chat.at(-1);
    // Results of calls that were made at once are one turn.
    if (messages[index]?.role === "tool" && messages[index - 1]?.role === "tool" && last)
      chat.splice(-1, 1, { ...last, content: `${last.content}\n${message.content}` });
    else chat.push(message);
    return chat;
  }, []);
  const tools = offeredTools(request);
  if (tools.length === 0) return plain;
  const text = instructions(tools.map(toolDefinition));
  const [first, ...others] = plain;
  return first?.role === "system"
    ? [{ ...first, content: first.content === "" ? text : first.content + BETWEEN + text }, ...others]
    : [{ role: "system", content: text }, ...plain];
}

/** Calls and results as text. */
function plainMessage(message: ChatMessage): ChatMessage {
  if (message.role === "tool") {
    return { role: "user", content: `<tool_response>\n${message.content}\n</tool_response>` };
  }
  const { toolCalls, ...rest } = message;
  if (toolCalls === undefined) return message;
  const calls = toolCalls.map(
    (call) => `<tool_call>\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}\n</tool_call>`,
  );
  return { ...rest, content: [...(rest.content === "" ? [] : [rest.content]), ...calls].join("\n") };
}

function instructions(definitions: readonly unknown[]): string {
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
