/** A model that is read in parts: the figures that planning needs, and its stages as packages. */
import { MicrogridError, randomId } from "../core";
import type { Backend, StagePackage } from "../inference";
import type { ModelParts } from "../models";
import type { GraphFigures, GraphFile, Graphs } from "./graphs";
import { publicModel } from "../room";
import { OVERHEAD_BYTES, type PlanModel } from "./plan";
import { ReadWeights, type StageSource, stagePackage, stagePart } from "./run";
import { layerSample } from "./sample-layers";
import type { PartBytes, StageRange } from "./split";

/** Layers whose weights differ by less than this share are considered alike and take the same time. */
const SAME_KIND = 0.05;

/** The source of a model's graph and weights. */
export type PartsSource = Pick<ModelParts, "id" | "name" | "graph" | "graphBytes" | "weightsHash" | "read">;

/** A model whose graph has been read. */
export class SplitModel<P extends PartsSource = PartsSource> {
  readonly parts: P;
  readonly source: StageSource;
  readonly decoder: GraphFigures;
  readonly #graphs: Graphs;
  readonly #graph: GraphFile;

  private constructor(parts: P, decoder: GraphFigures, graphs: Graphs, graph: GraphFile) {
    this.parts = parts;
    const { id: model, graph: path, graphBytes, weightsHash } = parts;
    this.source = { model: publicModel(model), graph: path, graphBytes: graphBytes.length, weightsHash };
    this.decoder = decoder;
    this.#graphs = graphs;
    this.#graph = graph;
  }

  /**
   * Reads the graph of a model with `graphs`, which also cuts its stages. Set `trusted` to false for a graph that another member
   * sent: it is read by stricter rules (see `readDecoder`). Rejects with `unsupported-model` and the reason if the model cannot be
   * split, or is not accepted from others.
   */
  static async read<P extends PartsSource>(
    parts: P,
    graphs: Graphs,
    { trusted = true }: { readonly trusted?: boolean } = {},
  ): Promise<SplitModel<P>> {
    // Copied once, however often it is read or others ask for parts of it.
    const graph = { key: randomId(), file: new Blob([parts.graphBytes]), trusted };
    return new SplitModel(parts, await graphs.read(graph), graphs, graph);
  }

  /** The graph as a file. */
  get graphBlob(): Blob {
    return this.#graph.file;
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
  async partOf(range: StageRange): Promise<StagePackage["part"]> {
    return stagePart(await this.#graphs.stage(this.#graph, range), range);
  }

  /**
   * Bytes that layers `[from, to)` take: their weights, the keys and values of this many tokens in all sequences, and what the layers
   * remember of each sequence whatever its length. The figures come from the graph; with the backend `wasm`, weights that the engine
   * expands there count as they are then. A node that opens a stage for others compares them with its free memory before it calls
   * `package`, which reads all the weights.
   */
  bytesOf(
    { from, to }: { readonly from: number; readonly to: number },
    tokens: number,
    { sequences = 1, backend }: { readonly sequences?: number; readonly backend?: Backend | undefined } = {},
  ): number {
    const { kvBytesPerToken, fixedStateBytes } = this.decoder;
    const sum = (values: readonly number[]): number => values.slice(from, to).reduce((all, value) => all + value, 0);
    return sum(this.#bytes(backend).layerBytes) + sequences * sum(fixedStateBytes) + tokens * sum(kvBytesPerToken);
  }

  /** Bytes by which layers `[from, to)` take more memory with such a backend than their files say. */
  growthOf(range: { readonly from: number; readonly to: number }, backend: Backend): number {
    return this.bytesOf(range, 0, { sequences: 0, backend }) - this.bytesOf(range, 0, { sequences: 0 });
  }

  /** Bytes of the embedding and the head. */
  endBytes(backend?: Backend): number {
    const { embeddingBytes, headBytes } = this.#bytes(backend);
    return embeddingBytes + headBytes;
  }

  /**
   * How much of the model, by the sizes in its files, fits into this memory: planners add up those sizes, whatever backends
   * the devices have.
   */
  fitting(memoryBytes: number, backend: Backend): number {
    const inFiles = partsOf(this.#bytes(undefined));
    const growths = partsOf(this.#bytes(backend)).map((bytes, part) => bytes / Math.max(1, inFiles[part]!));
    const forModel = Math.max(0, memoryBytes - OVERHEAD_BYTES);
    return memoryBytes - forModel + Math.floor(forModel / Math.max(1, ...growths));
  }

  #bytes(backend: Backend | undefined): PartBytes {
    const onCpu = backend === "wasm" ? this.decoder.onCpu : undefined;
    return onCpu ?? this.decoder;
  }

  /**
   * A part of the model with its weights, whatever their size (see `bytesOf`). With `sampled`, the engine can compare some of
   * its layers with the CPU. Rejects like `ModelParts.read`.
   */
  async package(range: StageRange, { sampled = false, ...options }: PackageOptions): Promise<StagePackage> {
    const weights = new ReadWeights(options.weights ?? this.parts);
    const { name } = this.parts;
    const stage = (part: StageRange) => this.#graphs.stage(this.#graph, part);
    const expand = this.decoder.onCpu !== undefined;
    const pkg = await stagePackage(await stage(range), range, { name, expand, ...options, weights });
    if (!sampled || range.from === range.to) return pkg;
    const { signal } = options;
    const { layerBytes } = this.decoder;
    const exemplary = (layers: Parameters<Graphs["exemplary"]>[1]) => this.#graphs.exemplary(this.#graph, layers);
    return {
      ...pkg,
      sample: await layerSample({ layerBytes, stage, exemplary }, range, { weights: weights.again, signal }),
    };
  }

  /** Bytes that a measurement takes: one layer's weights, and the keys and values of `stepTokens` tokens. */
  sampleBytes(stepTokens: number, backend?: Backend): number {
    return this.bytesOf({ from: this.typicalLayer, to: this.typicalLayer + 1 }, stepTokens, { backend });
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

function partsOf({ embeddingBytes, layerBytes, headBytes }: PartBytes): readonly number[] {
  return [embeddingBytes, ...layerBytes, headBytes];
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
