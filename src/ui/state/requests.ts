/** Turns a conversation into the request that is sent to the grid. */
import { localTime } from "../../grid/parts";
import type { ChatMessage, Conversation, GenerationRequest, ResumePoint, StoredMessage } from "../../grid";
import { type RequestedModel, defaultMaxTokens } from "./models";

/**
 * The request that makes the answer with id `answerId`: the system prompt and all messages before it,
 * except for answers that gave nothing and their questions. If the answer reached its limit before, the limit is counted
 * from there.
 */
export function toGeneration(
  conversation: Conversation,
  answerId: string,
  offer: RequestedModel,
  resume: ResumePoint | undefined,
): GenerationRequest {
  const { settings } = conversation;
  const messages: ChatMessage[] = [];
  if (settings.systemPrompt?.trim()) messages.push({ role: "system", content: settings.systemPrompt });
  let unanswered = false;
  for (const message of conversation.messages) {
    if (message.id === answerId) break;
    const { content, reasoning } = message;
    if (message.role === "assistant" && content === "") {
      unanswered = messages.at(-1)?.role === "user";
      continue;
    }
    // Most templates refuse two questions in a row, and models answer both.
    if (message.role === "user" && unanswered) messages.pop();
    unanswered = false;
    // Most models are trained on chats that have none of their earlier thoughts.
    messages.push({
      role: message.role,
      content,
      ...(reasoning !== undefined && offer.chat?.remembers && { reasoning }),
    });
  }
  const begun = conversation.messages.find(({ id }) => id === answerId);
  const maxTokens = settings.maxTokens ?? defaultMaxTokens(offer);
  return {
    model: offer.model,
    messages,
    sampling: settings.sampling,
    shorten: true,
    maxTokens: maxTokens + (resume && resume.ids.length >= maxTokens ? resume.ids.length : 0),
    ...(settings.seed !== undefined && { seed: settings.seed }),
    ...(settings.stop.length > 0 && { stop: settings.stop }),
    ...(resume && (resume.text !== "" || resume.reasoning !== undefined) && { resume }),
    ...thinkingOf(settings, offer),
    // An answer that goes on has the prompt that it began with, on whatever day.
    ...(resume && begun && { localTime: localTime(new Date(begun.createdAt)) }),
  };
}

/** The chat's wish about thinking, as far as the model knows it. */
function thinkingOf(
  { thinking }: Conversation["settings"],
  { chat }: RequestedModel,
): Pick<GenerationRequest, "template"> {
  if (typeof thinking === "boolean" && chat?.thinking === "switch") return { template: { enable_thinking: thinking } };
  if (typeof thinking === "string" && chat?.thinking === "effort") return { template: { reasoning_effort: thinking } };
  return {};
}

/** Number of the oldest messages that an answer does not know, if the answers before it still knew some of them; else 0. */
export function newlyLeft(messages: readonly (StoredMessage | undefined)[], at: number): number {
  const left = messages[at]?.answer?.left ?? 0;
  const before = messages.slice(0, at).findLast((message) => message?.answer !== undefined)?.answer?.left ?? 0;
  return left > before ? left : 0;
}

/** True for the first answer of a chat whose model read the system prompt as a part of the first question. */
export function newlyMoved(messages: readonly (StoredMessage | undefined)[], at: number): boolean {
  return messages.findIndex((message) => message?.answer?.moved) === at;
}
