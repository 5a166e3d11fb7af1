/** The base of all models that make embeddings: reads texts, computes them in batches, and finishes their vectors. */
import { MicrogridError } from "../../core";
import { answersNoChats } from "../purpose";
import type { ChatTokenizer } from "../tokenizer";
import type { Embedded, EmbeddingRequest, GenerationEvent, LoadedModel, LoadedModelInfo } from "../types";
import { type BatchLimits, batchesOf } from "./batches";
import { inputIds } from "./inputs";
import { finished } from "./vectors";

/** The facts about a model that all engines have. */
interface EmbeddingModelOptions {
  /** `embedding` says how many numbers a vector has. */
  readonly info: LoadedModelInfo & Required<Pick<LoadedModelInfo, "embedding">>;
  readonly tokenizer: ChatTokenizer;
  /** Whether vectors are brought to length 1. */
  readonly normalize: boolean;
  readonly batch: BatchLimits;
}

/** A model in memory that makes embeddings. Engines say how a batch is computed. */
export abstract class EmbeddingModel implements LoadedModel {
  readonly info: EmbeddingModelOptions["info"];
  readonly #options: EmbeddingModelOptions;
  readonly #unloading = new AbortController();
  #unloaded: Promise<void> | undefined;

  constructor(options: EmbeddingModelOptions) {
    this.info = options.info;
    this.#options = options;
  }

  /** Aborts at the call of `unload`. */
  get unloading(): AbortSignal {
    return this.#unloading.signal;
  }

  generate(): AsyncIterable<GenerationEvent> {
    throw answersNoChats(this.#name);
  }

  async embed(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded> {
    const signal = AbortSignal.any([options.signal, this.unloading]);
    const { tokenizer, normalize, batch: limits } = this.#options;
    const dimensions = this.#dimensions(request);
    const inputs = inputIds(request.inputs, { tokenizer, name: this.#name, window: this.info.contextLength });
    const lengths = inputs.map((ids) => ids.length);
    const vectors = new Float32Array(inputs.length * dimensions);
    for (const batch of batchesOf(lengths, limits)) {
      signal.throwIfAborted();
      const computed = await this.compute(
        batch.map((index) => inputs[index]!),
        signal,
      );
      for (const [at, index] of batch.entries()) {
        vectors.set(finished(computed[at]!, { dimensions, normalize }), index * dimensions);
      }
    }
    return { dimensions, vectors, promptTokens: lengths.reduce((sum, length) => sum + length, 0) };
  }

  /** Ends what is computed with an error, and frees the memory after the last batch. */
  unload(): Promise<void> {
    const error = `${this.#name} was unloaded while it computed. Load it again to go on.`;
    this.#unloading.abort(new MicrogridError("model-not-loaded", error));
    return (this.#unloaded ??= this.release());
  }

  /** Computes the vectors of some texts, in their order. Takes a turn of its own. */
  protected abstract compute(batch: readonly (readonly number[])[], signal: AbortSignal): Promise<Float32Array[]>;

  /** Frees the memory once nothing computes any more. */
  protected abstract release(): Promise<void>;

  get #name(): string {
    return this.info.name || this.info.id;
  }

  #dimensions({ dimensions: wanted }: EmbeddingRequest): number {
    const { dimensions } = this.info.embedding;
    if (wanted === undefined || wanted <= dimensions) return wanted ?? dimensions;
    throw new MicrogridError(
      "bad-request",
      `The vectors of ${this.#name} have ${dimensions} dimensions, so there are none with ${wanted}. Ask for fewer.`,
      { field: "dimensions" },
    );
  }
}
