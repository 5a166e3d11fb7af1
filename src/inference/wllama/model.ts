/** A loaded GGUF model: serves one request after another until it is unloaded. */
import { AnswerTokens } from "../answer-tokens";
import { QueuedModel } from "../queued-model";
import type { ResolvedRequest } from "../sampling";
import { answerStepwise } from "../stepwise";
import type { ChatTokenizer } from "../tokenizer";
import type { GenerationEvent, LoadedModelInfo } from "../types";
import { llamaError } from "./errors";
import type { LlamaRunner } from "./runner";

/** The parts of a loaded model that an answer needs. */
interface WllamaParts {
  readonly info: LoadedModelInfo;
  readonly tokenizer: ChatTokenizer;
  readonly runner: LlamaRunner;
  /** Ids that end an answer. */
  readonly endIds: ReadonlySet<number>;
  /** Ends the library's worker. */
  end(): void;
}

/** One model in memory. The library has one cache for it, so requests are served one at a time, in order. */
export class WllamaModel extends QueuedModel {
  readonly #parts: WllamaParts;

  constructor(parts: WllamaParts) {
    super(parts.info, 1);
    this.#parts = parts;
  }

  protected async *answer(request: ResolvedRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void> {
    const { runner, tokenizer, endIds } = this.#parts;
    const { name, contextLength } = this.info;
    try {
      const answer = await AnswerTokens.begin(request, {
        name,
        read: (messages) => tokenizer.read(messages, request),
        tokenizer,
        contextLength,
        endIds,
      });
      yield* answerStepwise(answer, runner, { asker: request.asker, signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : llamaError(error, name);
    }
  }

  /** The step that runs now ends first. */
  protected async release(): Promise<void> {
    await this.idle();
    this.#parts.end();
  }
}
