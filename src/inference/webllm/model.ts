/** A loaded WebLLM model: serves one request after another until it is unloaded. */
import { AnswerTokens } from "../answer-tokens";
import { QueuedModel } from "../queued-model";
import type { ResolvedRequest } from "../sampling";
import { answerStepwise } from "../stepwise";
import type { ChatTokenizer } from "../tokenizer";
import { genericChat, offeredTools, toolDefinition } from "../tools";
import type { ChatMessage, GenerationEvent, LoadedModelInfo } from "../types";
import type { ConversationTemplate } from "./config";
import { renderConversation } from "./conversation";
import { webllmError } from "./errors";
import type { TokenRunner } from "./runner";
import { emptyThought } from "./thinking";

/** The parts of a loaded model that an answer needs. */
interface WebLlmParts {
  readonly info: LoadedModelInfo;
  readonly template: ConversationTemplate;
  readonly tokenizer: ChatTokenizer;
  readonly runner: TokenRunner;
}

/** One model in memory. The library has one KV cache for it, so requests are served one at a time, in order. */
export class WebLlmModel extends QueuedModel {
  readonly #parts: WebLlmParts;
  readonly #endIds: ReadonlySet<number>;

  constructor(parts: WebLlmParts) {
    super(parts.info, 1);
    this.#parts = parts;
    this.#endIds = new Set([...parts.template.stop_token_ids, ...parts.tokenizer.endIds]);
  }

  protected async *answer(request: ResolvedRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void> {
    const { runner, template, tokenizer } = this.#parts;
    const asText = (message: ChatMessage): ChatMessage => ({ ...message, content: tokenizer.asText(message.content) });
    const tools = offeredTools(request).map(toolDefinition);
    const thought = emptyThought(request, { ...this.info, tokenizer });
    try {
      const answer = await AnswerTokens.begin(request, {
        name: this.info.name,
        read: (messages) => [
          ...(template.system_prefix_token_ids ?? []),
          ...renderConversation(template, genericChat(messages, tools).map(asText), thought).flatMap((piece) =>
            tokenizer.encodePrompt(piece),
          ),
        ],
        tokenizer,
        contextLength: this.info.contextLength,
        endIds: this.#endIds,
        stop: template.stop_str,
      });
      yield* answerStepwise(answer, runner, { asker: request.asker, signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : webllmError(error, this.info.name);
    }
  }

  /** The step that runs now ends first. */
  protected async release(): Promise<void> {
    await this.idle();
    await this.#parts.runner.unload();
  }
}
