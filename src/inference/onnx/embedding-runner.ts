/** Runs a graph that makes embeddings: a batch of texts in one go. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { type Pooling, pool } from "../embedding";
import type { EmbeddingOutput } from "./embedding-output";
import { readFloats } from "./floats";
import type { GraphSpec } from "./graph-spec";
import { integerTensor } from "./integers";
import { floatTensor } from "./cache/kv-cache";
import type { Ort } from "./runtime";

/** The parts of a loaded graph. */
interface RunnerParts {
  readonly ort: Ort;
  readonly session: InferenceSession;
  readonly spec: GraphSpec;
  readonly output: EmbeddingOutput;
  /** How hidden states become a vector; undefined if the graph does it itself. */
  readonly pooling: readonly Pooling[] | undefined;
}

/** Runs a session. Every call must be made in a turn of the worker's run queue. */
export class EmbeddingRunner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** The vector of each text, of which there is at least one. Shorter texts are padded behind their end. */
  async run(texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const { session, output, pooling = [] } = this.#parts;
    const longest = Math.max(...texts.map(({ length }) => length));
    const outputs = await session.run(this.#feeds(texts, longest), [output.name]);
    const tensor = outputs[output.name];
    if (!tensor) throw new Error(`The run gave no ${output.name}.`);
    const width = tensor.dims.at(-1) ?? 0;
    const perText = output.pooled ? width : longest * width;
    if (tensor.size !== texts.length * perText) throw new Error(`The run gave ${tensor.dims.join(" × ")} numbers.`);
    const { buffer, byteOffset, byteLength } = tensor.data as Float32Array;
    const floats = readFloats(output.type, new Uint8Array(buffer, byteOffset, byteLength));
    return texts.map(({ length: tokens }, index) => {
      const rows = floats.subarray(index * perText, (index + 1) * perText);
      return output.pooled ? rows.slice() : pool(pooling, rows, { tokens, width });
    });
  }

  async release(): Promise<void> {
    await this.#parts.session.release();
  }

  #feeds(texts: readonly (readonly number[])[], longest: number): Record<string, Tensor> {
    const { ort, spec } = this.#parts;
    const dims = [texts.length, longest];
    const padded = (of: (ids: readonly number[], at: number) => number): number[] =>
      texts.flatMap((ids) => Array.from({ length: longest }, (_, at) => (at < ids.length ? of(ids, at) : 0)));
    const feeds: Record<string, Tensor> = {};
    if (spec.ids)
      feeds.input_ids = integerTensor(
        ort,
        spec.ids,
        padded((ids, at) => ids[at]!),
        dims,
      );
    if (spec.mask)
      feeds.attention_mask = integerTensor(
        ort,
        spec.mask,
        padded(() => 1),
        dims,
      );
    if (spec.tokenTypes)
      feeds.token_type_ids = integerTensor(
        ort,
        spec.tokenTypes,
        padded(() => 0),
        dims,
      );
    if (spec.positions) {
      const { type, axes, rank } = spec.positions;
      const positions = padded((_, at) => at);
      const repeated = Array.from({ length: axes }, () => positions).flat();
      feeds.position_ids = integerTensor(ort, type, repeated, rank === 3 ? [axes, ...dims] : dims);
    }
    for (const { past, type, heads, headDim } of spec.slots) {
      feeds[past] = floatTensor(ort, type, new ArrayBuffer(0), [texts.length, heads, 0, headDim]);
    }
    return feeds;
  }
}
