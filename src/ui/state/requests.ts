/** Turns a conversation into the request that is sent to the grid. */
import { localTime } from "../../grid/parts";
import type { ChatMessage, Conversation, GenerationRequest, ResumePoint, StoredMessage } from "../../grid";
import { withoutThinking } from "../thinking";
import { defaultMaxTokens } from "./models";

/** The facts about a model that a request depends on. */
export interface RequestedModel {
  readonly model: string;
  /** Undefined while no offer of the model is known. */
  readonly contextLength: number | undefined;
}

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
    // Models are trained on chats that have none of their earlier thinking.
    const content = message.role === "assistant" ? withoutThinking(message.content) : message.content;
    if (message.role === "assistant" && content === "") {
      unanswered = messages.at(-1)?.role === "user";
      continue;
    }
    // Most templates refuse two questions in a row, and models answer both.
    if (message.role === "user" && unanswered) messages.pop();
    unanswered = false;
    messages.push({ role: message.role, content });
  }
  const begun = conversation.messages.find(({ id }) => id === answerId);
  const maxTokens = settings.maxTokens ?? defaultMaxTokens(offer.contextLength);
  return {
    model: offer.model,
    messages,
    sampling: settings.sampling,
    shorten: true,
    maxTokens: maxTokens + (resume && resume.ids.length >= maxTokens ? resume.ids.length : 0),
    ...(settings.seed !== undefined && { seed: settings.seed }),
    ...(settings.stop.length > 0 && { stop: settings.stop }),
    ...(resume && resume.text !== "" && { resume }),
    // An answer that goes on has the prompt that it began with, on whatever day.
    ...(resume && begun && { localTime: localTime(new Date(begun.createdAt)) }),
  };
}

/** Number of the oldest messages that an answer does not know, if the answers before it still knew some of them; else 0. */
export function newlyLeft(messages: readonly (StoredMessage | undefined)[], at: number): number {
  const left = messages[at]?.answer?.left ?? 0;
  const before = messages.slice(0, at).findLast((message) => message?.answer !== undefined)?.answer?.left ?? 0;
  return left > before ? left : 0;
}
