/** A loaded WebLLM model that makes embeddings. */
import type { MLCEngine } from "@mlc-ai/web-llm";
import { MicrogridError } from "../../core";
import { EmbeddingModel } from "../embedding";
import type { ChatTokenizer } from "../tokenizer";
import type { LoadedModelInfo } from "../types";
import { webllmError } from "./errors";

/** Most texts and tokens for the library at once; it divides them further. */
const BATCH = { inputs: 32, tokens: 8192 } as const;

/** The part of `MLCEngine` that vectors are made with. */
export type VectorEngine = Pick<MLCEngine, "embedding" | "unload">;

interface WebLlmEmbedderParts {
  readonly info: LoadedModelInfo & Required<Pick<LoadedModelInfo, "embedding">>;
  readonly tokenizer: ChatTokenizer;
  readonly engine: VectorEngine;
}

/** One model in memory. The library gives the state of each text's first token, which its models are trained to be compared by. */
export class WebLlmEmbedder extends EmbeddingModel {
  readonly #engine: VectorEngine;
  /** Batches run one after another, so that the memory can be freed between two of them. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ info, tokenizer, engine }: WebLlmEmbedderParts) {
    super({ info, tokenizer, normalize: true, batch: BATCH });
    this.#engine = engine;
  }

  protected compute(batch: readonly (readonly number[])[], signal: AbortSignal): Promise<Float32Array[]> {
    const run = this.#last.then(async () => {
      signal.throwIfAborted();
      try {
        return await vectorsOf(this.#engine, this.info.id, batch);
      } catch (error) {
        throw signal.aborted ? signal.reason : webllmError(error, this.info.name);
      }
    });
    this.#last = run.catch(() => undefined);
    return run;
  }

  protected async release(): Promise<void> {
    await this.#last;
    await this.#engine.unload();
  }
}

/** Computes a known text twice: how fast it is, and the size of its vector. Throws `out-of-memory` for unusable numbers. */
export async function checkVectors(
  engine: VectorEngine,
  model: string,
  ids: readonly number[],
): Promise<{ prefillRate: number; prefillChunk: number; embedding: { dimensions: number } }> {
  // The first run compiles the kernels.
  await vectorsOf(engine, model, [ids]);
  const startTime = performance.now();
  const [vector] = await vectorsOf(engine, model, [ids]);
  const ms = Math.max(performance.now() - startTime, 0.01);
  if (!vector?.every(Number.isFinite) || vector.every((value) => value === vector[0])) {
    throw new MicrogridError(
      "out-of-memory",
      "The model computes nonsense on this GPU, mostly for lack of memory. Close other tabs, or choose a smaller model.",
    );
  }
  const { length } = ids;
  return { prefillRate: (length / ms) * 1000, prefillChunk: length, embedding: { dimensions: vector.length } };
}

async function vectorsOf(
  engine: VectorEngine,
  model: string,
  batch: readonly (readonly number[])[],
): Promise<Float32Array[]> {
  const { data } = await engine.embedding({ model, input: batch.map((ids) => [...ids]) });
  return data.map(({ embedding }) => Float32Array.from(embedding));
}
