/** A scripted provider, for unit tests of what asks providers. */
import type {
  Embedded,
  EmbeddingRequest,
  Estimate,
  GenerationEvent,
  GenerationRequest,
  ModelOffer,
  Provider,
} from "../types";

export const OFFER: ModelOffer = {
  model: "toy",
  name: "Toy",
  packageHash: "package",
  tokenizerHash: "tokenizer",
  engine: "onnx",
  backend: "wasm",
  contextLength: 1024,
  prefillRate: 1000,
  decodeRate: 100,
};

/** An offer of a model that makes embeddings. */
export const VECTOR_OFFER: ModelOffer = { ...OFFER, model: "vectors", name: "Vectors", embedding: { dimensions: 2 } };

/** Answers with the letters a, b, c, … one token each, one for each of the request's tokens, and respects `resume`. */
export class ToyProvider implements Provider {
  readonly kind = "local";
  readonly id: string;
  readonly name = "toy device";
  /** Requests that were ever started, and how many of them were stopped early. */
  started = 0;
  stopped = 0;
  offers: readonly ModelOffer[] = [OFFER];
  /** Awaited before each token; tests hold the stream here. */
  beforeToken: (position: number) => Promise<void> = async () => {};

  constructor(id = "toy") {
    this.id = id;
  }

  models(): readonly ModelOffer[] {
    return this.offers;
  }

  estimate(): Estimate {
    return { firstTokenMs: 10, msPerToken: 10, price: 0, privacy: "device" };
  }

  async embed({ inputs }: EmbeddingRequest, { signal }: { signal: AbortSignal }): Promise<Embedded> {
    this.started++;
    await this.beforeToken(0);
    signal.throwIfAborted();
    const vectors = Float32Array.from(inputs.flatMap(toyVector));
    return { dimensions: 2, vectors, promptTokens: inputs.length };
  }

  async *generate(request: GenerationRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<GenerationEvent> {
    this.started++;
    let complete = false;
    try {
      for (let position = request.resume?.idsInText ?? 0; position < request.maxTokens; position++) {
        await this.beforeToken(position);
        signal.throwIfAborted();
        yield { type: "token", ids: [position], text: letter(position) };
      }
      complete = true;
      const usage = {
        promptTokens: 1,
        completionTokens: request.maxTokens,
        cachedTokens: 0,
        prefillMs: 1,
        decodeMs: 1,
      };
      yield { type: "done", finishReason: "length", usage };
    } finally {
      if (!complete) this.stopped++;
    }
  }
}

/** The toy's vector of an input: it tells one input from another. */
export function toyVector(input: EmbeddingRequest["inputs"][number]): [number, number] {
  return [input.length, typeof input === "string" ? input.charCodeAt(0) : input[0]!];
}

/** The text of the toy's token at a position. */
function letter(position: number): string {
  return String.fromCharCode(97 + (position % 26));
}

/** The toy's answer of that many tokens. */
export function letters(count: number): string {
  return Array.from({ length: count }, (_, position) => letter(position)).join("");
}

/** A request for an answer of `maxTokens` letters. */
export function toyRequest(maxTokens: number, model = "toy"): GenerationRequest {
  return {
    model,
    messages: [{ role: "user", content: "letters, please" }],
    sampling: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    maxTokens,
  };
}
