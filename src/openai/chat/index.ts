/** Chat completions in OpenAI's shapes. */
import { type Answer, answerParts } from "../answer-parts";
import type { TextApi } from "../text-api";
import type { ChatCompletions, MicrogridChunk, MicrogridCompletion, MicrogridParams } from "../types";
import { chatChunks, chatCompletion } from "./reply";
import { type ChatRequest, readChatRequest } from "./request";

/** OpenAI's chat API. */
export const CHAT: TextApi<ChatRequest, MicrogridChunk, MicrogridCompletion> = {
  read: readChatRequest,
  chunks: chatChunks,
  whole: chatCompletion,
};

/** The `chat.completions` of a grid. */
export function chatCompletions(answer: Answer): ChatCompletions {
  // One implementation for the overloads of the contract.
  async function create(
    params: MicrogridParams,
    options: { signal?: AbortSignal } = {},
  ): Promise<MicrogridCompletion | AsyncIterable<MicrogridChunk>> {
    const request = CHAT.read(params);
    const parts = answerParts(request, answer, options);
    return request.stream ? CHAT.chunks(parts, request) : CHAT.whole(parts, request);
  }
  return { create } as ChatCompletions;
}
