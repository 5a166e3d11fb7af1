/** A model that is read in parts: what planning has to know of it, and its stages as packages. */
import { type StagePackage, expandsWeights } from "../inference";
import type { ModelParts } from "../models";
import type { PlanModel } from "./plan";
import { type StageSource, stagePackage, stagePart } from "./run";
import { type Decoder, type StageRange, readDecoder } from "./split";

/** Layers whose weights differ by less than this share are of one kind, and take the same time. */
const SAME_KIND = 0.05;

/** Where a model's graph and weights come from. */
export type PartsSource = Pick<ModelParts, "id" | "name" | "graph" | "graphBytes" | "weightsHash" | "read">;

/** The graph of a model, read. */
export class SplitModel<P extends PartsSource = PartsSource> {
  readonly parts: P;
  readonly source: StageSource;
  readonly decoder: Decoder;
  readonly #expand: boolean;

  /** Throws `unsupported-model` with the reason where the model cannot be split. */
  constructor(parts: P) {
    this.parts = parts;
    const { id: model, graph, graphBytes, weightsHash } = parts;
    this.source = { model, graph, graphBytes: graphBytes.length, weightsHash };
    this.decoder = readDecoder(parts.graphBytes);
    this.#expand = expandsWeights(parts.graphBytes);
  }

  get layers(): number {
    return this.decoder.layers;
  }

  /** A layer like most of the others: what a device measures stands for all. */
  get typicalLayer(): number {
    return this.layers >> 1;
  }

  /** What the planner has to know. The work of a layer is taken to follow the bytes of its weights. */
  get planModel(): PlanModel {
    const { layers, layerBytes, kvBytesPerToken, embeddingBytes, headBytes, cuts } = this.decoder;
    const typical = layerBytes[this.typicalLayer]!;
    const work = layerBytes.map((bytes) => (Math.abs(bytes / typical - 1) < SAME_KIND ? 1 : bytes / typical));
    const hiddenBytes = Math.max(...cuts.map(({ bytesPerToken }) => bytesPerToken));
    return { layers, layerBytes, kvBytesPerToken, embeddingBytes, headBytes, hiddenBytes, layerWork: work };
  }

  /** What a stage takes, passes on and gives. */
  partOf(range: StageRange): StagePackage["part"] {
    return stagePart(this.decoder, range);
  }

  /** Bytes that layers `[from, to)` take: their weights, and keys and values of so many tokens. */
  bytesOf({ from, to }: { readonly from: number; readonly to: number }, tokens: number): number {
    const { layerBytes, kvBytesPerToken, fixedStateBytes } = this.decoder;
    const sum = (values: readonly number[]): number => values.slice(from, to).reduce((all, value) => all + value, 0);
    return sum(layerBytes) + sum(fixedStateBytes) + tokens * sum(kvBytesPerToken);
  }

  /** A part of the model with its weights. Rejects as `ModelParts.read` does. */
  package(range: StageRange, options: PackageOptions): Promise<StagePackage> {
    return stagePackage(this.decoder, range, {
      name: this.parts.name,
      weights: this.parts,
      expand: this.#expand,
      ...options,
    });
  }

  /** One layer with made-up weights: it takes as long as the real one, and nothing has to be downloaded. */
  sampleLayer(signal: AbortSignal): Promise<StagePackage> {
    const from = this.typicalLayer;
    const weights = {
      read: (_location: string, offset: number, length: number) => Promise.resolve(new Blob([madeUp(offset, length)])),
    };
    return this.package({ embed: false, from, to: from + 1, head: false }, { id: "sample", weights, signal });
  }
}

/**
 * Bytes that are usual numbers in every type that weights have (numbers too small to be usual would be slow), and others at
 * every place: the engine keeps equal tensors once, which would be faster than it is.
 */
function madeUp(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = (Math.imul(offset + i, 0x9e3779b1) & 0x0f0f0f0f) | 0x30303030;
  return new Uint8Array(words.buffer, 0, length);
}

type PackageOptions = Pick<Parameters<typeof stagePackage>[2], "id" | "signal"> &
  Partial<Pick<Parameters<typeof stagePackage>[2], "weights" | "onProgress">>;
