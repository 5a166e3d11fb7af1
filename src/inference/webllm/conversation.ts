/**
 * Writes a chat as an MLC model reads it. The library does this inside its chat API, which wants a user message
 * last and so cannot go on with an answer; the rules here are those of its `Conversation`.
 */
import { MicrogridError } from "../../core";
import type { ChatMessage } from "../types";
import type { ConversationTemplate } from "./config";

/**
 * The chat in pieces, up to where the answer begins. Each piece is to be tokenized by itself, as the library does:
 * tokens do not reach across messages. The answer goes on after `thought`. Throws `bad-request` for a system message that is not the first.
 */
export function renderConversation(
  template: ConversationTemplate,
  messages: readonly ChatMessage[],
  thought = "",
): string[] {
  const [first, ...others] = messages;
  const system = systemPrompt(template, first?.role === "system" ? first.content : undefined);
  const turns = first?.role === "system" ? others : messages;
  const pieces = turns.map((message, index) => {
    if (message.role === "system") {
      throw new MicrogridError(
        "bad-request",
        "This model takes instructions (a system message) at the start of a conversation only.",
        { field: "messages" },
      );
    }
    // `genericChat` has made questions of the results of tools.
    const side = message.role === "assistant" ? "assistant" : "user";
    const bare = index === 0 && system !== "" && !template.add_role_after_system_message;
    const role = bare ? "" : template.roles[side] + template.role_content_sep;
    const separator = template.seps[index % template.seps.length] ?? "";
    return role + content(template, side, message.content) + separator;
  });
  const answer =
    template.roles.assistant + (thought === "" ? template.role_empty_sep : template.role_content_sep + thought);
  return [...(system === "" ? [] : [system]), ...pieces, answer];
}

function systemPrompt(template: ConversationTemplate, given: string | undefined): string {
  const message = given ?? template.system_message;
  if (message === "" && !template.render_empty_system_message) return "";
  return fill(template.system_template, "{system_message}", message);
}

function content(template: ConversationTemplate, role: "user" | "assistant", text: string): string {
  const wrapped = template.role_templates[role];
  if (wrapped === undefined) return text;
  return fill(fill(wrapped, "{function_string}", ""), `{${role}_message}`, text);
}

/** Puts text in the place of a mark. The text may hold `$`, which `replace` would read as a pattern. */
function fill(template: string, mark: string, text: string): string {
  return template.replace(mark, () => text);
}
