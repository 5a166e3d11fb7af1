/** Reads graphs of models and cuts stages out of them: the object that `workers/graphs.ts` serves. */
import { putNewest } from "../core";
import { expandedBytes } from "../inference";
import {
  type DecoderGraph,
  type PartBytes,
  type StageFile,
  type StageRange,
  exemplaryLayers,
  extractStage,
  graphOf,
  partBytes,
  readDecoder,
} from "./split";

/** Graphs that stay in memory once they are read; others are read again when they are needed. */
const MAX_KEPT = 4;

/** A graph to read. It comes along with each call, since a worker may have been replaced since the last one. */
export interface GraphFile {
  /** Tells it from all other graphs that this device reads. */
  readonly key: string;
  readonly file: Blob;
  /** False for a graph from another member: it is read by stricter rules (see `readDecoder`). */
  readonly trusted: boolean;
}

/** The figures of a decoder. */
export interface GraphFigures extends DecoderGraph {
  /** Bytes of its parts on the CPU, where they take more memory than their files say. */
  readonly onCpu: PartBytes | undefined;
}

/** Reads graphs, here or in a worker. All reject like `readDecoder`. */
export interface Graphs {
  read(graph: GraphFile): Promise<GraphFigures>;
  /** Rejects with `bad-request` if the range is not a stage. */
  stage(graph: GraphFile, range: StageRange): Promise<StageFile>;
  /** As few of the layers `[from, to)` as have all operators that any of them has. */
  exemplary(graph: GraphFile, range: { readonly from?: number; readonly to?: number }): Promise<readonly number[]>;
}

export class GraphService implements Graphs {
  /** Most recently used last. */
  readonly #decoders = new Map<string, DecoderGraph>();

  /** Resolves when the worker runs. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  async read(graph: GraphFile): Promise<GraphFigures> {
    const decoder = await this.#decoder(graph);
    const more = expandedBytes(graphOf(decoder));
    return { ...decoder, onCpu: more && partBytes(decoder, more) };
  }

  async stage(graph: GraphFile, range: StageRange): Promise<StageFile> {
    return extractStage(await this.#decoder(graph), range);
  }

  async exemplary(
    graph: GraphFile,
    range: { readonly from?: number; readonly to?: number },
  ): Promise<readonly number[]> {
    return exemplaryLayers(await this.#decoder(graph), range);
  }

  async #decoder(graph: GraphFile): Promise<DecoderGraph> {
    const known = this.#decoders.get(graph.key);
    const decoder = known ?? readDecoder(new Uint8Array(await graph.file.arrayBuffer()), graph);
    putNewest(this.#decoders, graph.key, decoder, MAX_KEPT);
    return decoder;
  }
}
