/** A model that is read in parts: the figures that planning needs, and its stages as packages. */
import { MicrogridError } from "../core";
import { type StagePackage, expandsWeights } from "../inference";
import type { ModelParts } from "../models";
import type { PlanModel } from "./plan";
import { ReadWeights, type StageSource, stagePackage, stagePart } from "./run";
import { layerSample } from "./sample-layers";
import { type DecoderGraph, type StageRange, readDecoder } from "./split";

/** Layers whose weights differ by less than this share are considered alike and take the same time. */
const SAME_KIND = 0.05;

/** The source of a model's graph and weights. */
export type PartsSource = Pick<ModelParts, "id" | "name" | "graph" | "graphBytes" | "weightsHash" | "read">;

/** A model whose graph has been read. */
export class SplitModel<P extends PartsSource = PartsSource> {
  readonly parts: P;
  readonly source: StageSource;
  readonly decoder: DecoderGraph;
  readonly #expand: boolean;
  #graphBlob: Blob | undefined;

  /**
   * Set `trusted` to false for a graph that another member sent: it is read by stricter rules (see `readDecoder`).
   * Throws `unsupported-model` with the reason if the model cannot be split, or is not accepted from others.
   */
  constructor(parts: P, { trusted = true }: { readonly trusted?: boolean } = {}) {
    this.parts = parts;
    const { id: model, graph, graphBytes, weightsHash } = parts;
    this.source = { model, graph, graphBytes: graphBytes.length, weightsHash };
    this.decoder = readDecoder(parts.graphBytes, { trusted });
    this.#expand = expandsWeights(parts.graphBytes);
  }

  /** The graph as a file. It is copied once, however often others ask for parts of it. */
  get graphBlob(): Blob {
    this.#graphBlob ??= new Blob([this.parts.graphBytes]);
    return this.#graphBlob;
  }

  get layers(): number {
    return this.decoder.layers;
  }

  /** A layer that is like most others, so that measuring it is enough. */
  get typicalLayer(): number {
    return this.layers >> 1;
  }

  /**
   * The figures that the planner needs, all finite. The work of a layer is assumed to be proportional to the bytes of
   * its weights.
   */
  get planModel(): PlanModel {
    const { layers, layerBytes, kvBytesPerToken, fixedStateBytes, embeddingBytes, headBytes, cuts } = this.decoder;
    const typical = Math.max(1, layerBytes[this.typicalLayer]!);
    const work = layerBytes.map((bytes) => (Math.abs(bytes / typical - 1) < SAME_KIND ? 1 : bytes / typical));
    const hiddenBytes = Math.max(...cuts.map(({ bytesPerToken }) => bytesPerToken));
    const bytes = { layerBytes, kvBytesPerToken, fixedStateBytes, embeddingBytes, headBytes, hiddenBytes };
    return { layers, ...bytes, layerWork: work };
  }

  /** The tensors that a stage takes, passes on and returns. */
  partOf(range: StageRange): StagePackage["part"] {
    return stagePart(this.decoder, range);
  }

  /**
   * Bytes that layers `[from, to)` take: their weights, the keys and values of this many tokens in all sequences, and
   * what the layers remember of each sequence whatever its length. The figures come from the graph. A node that opens a stage for others compares them with its free memory before it calls `package`,
   * which reads all the weights.
   */
  bytesOf({ from, to }: { readonly from: number; readonly to: number }, tokens: number, sequences = 1): number {
    const { layerBytes, kvBytesPerToken, fixedStateBytes } = this.decoder;
    const sum = (values: readonly number[]): number => values.slice(from, to).reduce((all, value) => all + value, 0);
    return sum(layerBytes) + sequences * sum(fixedStateBytes) + tokens * sum(kvBytesPerToken);
  }

  /**
   * A part of the model with its weights, whatever their size (see `bytesOf`). With `sampled`, the engine can compare some of
   * its layers with the CPU. Rejects like `ModelParts.read`.
   */
  async package(range: StageRange, { sampled = false, ...options }: PackageOptions): Promise<StagePackage> {
    const weights = new ReadWeights(options.weights ?? this.parts);
    const { name } = this.parts;
    const pkg = await stagePackage(this.decoder, range, { name, expand: this.#expand, ...options, weights });
    if (!sampled || range.from === range.to) return pkg;
    const { signal } = options;
    return { ...pkg, sample: await layerSample(this.decoder, range, { weights: weights.again, signal }) };
  }

  /** Bytes that a measurement takes: one layer's weights, and the keys and values of `stepTokens` tokens. */
  sampleBytes(stepTokens: number): number {
    return this.bytesOf({ from: this.typicalLayer, to: this.typicalLayer + 1 }, stepTokens);
  }

  /**
   * One layer with made-up weights. It takes as long as the real one, but nothing has to be downloaded. Rejects with
   * `out-of-memory` if the graph claims more than `maxBytes` of weights, before any are made.
   */
  async sampleLayer(signal: AbortSignal, { maxBytes = Infinity }: { maxBytes?: number } = {}): Promise<StagePackage> {
    const bytes = this.sampleBytes(0);
    if (bytes > maxBytes) {
      throw new MicrogridError(
        "out-of-memory",
        `A layer of ${this.parts.name} takes ${bytes} bytes, more than the ${maxBytes} that this device can spare to measure it. This device cannot hold layers of this model.`,
      );
    }
    const from = this.typicalLayer;
    const weights = {
      read: (_location: string, offset: number, length: number) => Promise.resolve(new Blob([madeUp(offset, length)])),
    };
    return this.package({ embed: false, from, to: from + 1, head: false }, { id: "sample", weights, signal });
  }
}

/**
 * Bytes that are normal numbers in every type of weights (subnormal numbers would be slow) and differ at every place:
 * the engine stores equal tensors only once, which would make the measurement too fast.
 */
function madeUp(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = (Math.imul(offset + i, 0x9e3779b1) & 0x0f0f0f0f) | 0x30303030;
  return new Uint8Array(words.buffer, 0, length);
}

type PackageOptions = Pick<Parameters<typeof stagePackage>[2], "id" | "signal"> &
  Partial<Pick<Parameters<typeof stagePackage>[2], "weights" | "onProgress">> & { readonly sampled?: boolean };
