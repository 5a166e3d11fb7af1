/** A model that is read in parts: what planning has to know of it, and its stages as packages. */
import { MicrogridError } from "../core";
import { type StagePackage, expandsWeights } from "../inference";
import type { ModelParts } from "../models";
import type { PlanModel } from "./plan";
import { type StageSource, stagePackage, stagePart } from "./run";
import { type DecoderGraph, type StageRange, readDecoder } from "./split";

/** Layers whose weights differ by less than this share are of one kind, and take the same time. */
const SAME_KIND = 0.05;

/** Where a model's graph and weights come from. */
export type PartsSource = Pick<ModelParts, "id" | "name" | "graph" | "graphBytes" | "weightsHash" | "read">;

/** The graph of a model, read. */
export class SplitModel<P extends PartsSource = PartsSource> {
  readonly parts: P;
  readonly source: StageSource;
  readonly decoder: DecoderGraph;
  readonly #expand: boolean;
  #graphBlob: Blob | undefined;

  /**
   * Not `trusted` is a graph that another member gave: it is read by stricter rules (see `readDecoder`). Throws
   * `unsupported-model` with the reason where the model cannot be split, or is not taken from others.
   */
  constructor(parts: P, { trusted = true }: { readonly trusted?: boolean } = {}) {
    this.parts = parts;
    const { id: model, graph, graphBytes, weightsHash } = parts;
    this.source = { model, graph, graphBytes: graphBytes.length, weightsHash };
    this.decoder = readDecoder(parts.graphBytes, { trusted });
    this.#expand = expandsWeights(parts.graphBytes);
  }

  /** The graph as a file, copied once however often others ask for parts of it. */
  get graphBlob(): Blob {
    this.#graphBlob ??= new Blob([this.parts.graphBytes]);
    return this.#graphBlob;
  }

  get layers(): number {
    return this.decoder.layers;
  }

  /** A layer like most of the others: what a device measures stands for all. */
  get typicalLayer(): number {
    return this.layers >> 1;
  }

  /** What the planner has to know: finite numbers. The work of a layer is taken to follow the bytes of its weights. */
  get planModel(): PlanModel {
    const { layers, layerBytes, kvBytesPerToken, embeddingBytes, headBytes, cuts } = this.decoder;
    const typical = Math.max(1, layerBytes[this.typicalLayer]!);
    const work = layerBytes.map((bytes) => (Math.abs(bytes / typical - 1) < SAME_KIND ? 1 : bytes / typical));
    const hiddenBytes = Math.max(...cuts.map(({ bytesPerToken }) => bytesPerToken));
    return { layers, layerBytes, kvBytesPerToken, embeddingBytes, headBytes, hiddenBytes, layerWork: work };
  }

  /** What a stage takes, passes on and gives. */
  partOf(range: StageRange): StagePackage["part"] {
    return stagePart(this.decoder, range);
  }

  /**
   * Bytes that layers `[from, to)` take: their weights, and keys and values of so many tokens. It is what the graph says:
   * who opens a stage for others compares it with what there is room for before it calls `package`, which reads it all.
   */
  bytesOf({ from, to }: { readonly from: number; readonly to: number }, tokens: number): number {
    const { layerBytes, kvBytesPerToken, fixedStateBytes } = this.decoder;
    const sum = (values: readonly number[]): number => values.slice(from, to).reduce((all, value) => all + value, 0);
    return sum(layerBytes) + sum(fixedStateBytes) + tokens * sum(kvBytesPerToken);
  }

  /**
   * A part of the model with its weights, whatever their size: see `bytesOf`. Rejects as `ModelParts.read` does.
   */
  package(range: StageRange, options: PackageOptions): Promise<StagePackage> {
    return stagePackage(this.decoder, range, {
      name: this.parts.name,
      weights: this.parts,
      expand: this.#expand,
      ...options,
    });
  }

  /** Bytes that measuring takes: a layer's weights, and keys and values of `stepTokens` tokens. */
  sampleBytes(stepTokens: number): number {
    return this.bytesOf({ from: this.typicalLayer, to: this.typicalLayer + 1 }, stepTokens);
  }

  /**
   * One layer with made-up weights: it takes as long as the real one, and nothing has to be downloaded. Rejects with
   * `out-of-memory` where the graph speaks of more than `maxBytes` of weights, before any is made.
   */
  async sampleLayer(signal: AbortSignal, { maxBytes = Infinity }: { maxBytes?: number } = {}): Promise<StagePackage> {
    const bytes = this.sampleBytes(0);
    if (bytes > maxBytes) {
      throw new MicrogridError(
        "out-of-memory",
        `A layer of ${this.parts.name} takes ${bytes} bytes, more than the ${maxBytes} that this device has for trying it out. It cannot hold layers of this model.`,
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
