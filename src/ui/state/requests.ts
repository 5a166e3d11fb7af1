/** From a conversation to the request that is sent to the grid. */
import type { ChatMessage, Conversation, GenerationRequest, ModelOffer, ResumePoint } from "../../grid";
import { defaultMaxTokens, defaultSampling } from "./models";

/**
 * The request that makes the answer with id `answerId`: the system prompt and all messages before it.
 * Where an answer reached its limit before, the limit is counted from there.
 */
export function toGeneration(
  conversation: Conversation,
  answerId: string,
  offer: ModelOffer,
  resume: ResumePoint | undefined,
): GenerationRequest {
  const { settings } = conversation;
  const messages: ChatMessage[] = [];
  if (settings.systemPrompt?.trim()) messages.push({ role: "system", content: settings.systemPrompt });
  for (const message of conversation.messages) {
    if (message.id === answerId) break;
    if (message.role === "assistant" && message.content === "") continue;
    messages.push({ role: message.role, content: message.content });
  }
  const maxTokens = settings.maxTokens ?? defaultMaxTokens(offer.contextLength);
  return {
    model: offer.model,
    messages,
    sampling: { ...defaultSampling(offer.model), ...settings.sampling },
    maxTokens: maxTokens + (resume && resume.ids.length >= maxTokens ? resume.ids.length : 0),
    ...(settings.seed !== undefined && { seed: settings.seed }),
    ...(settings.stop.length > 0 && { stop: settings.stop }),
    ...(resume && resume.text !== "" && { resume }),
  };
}
