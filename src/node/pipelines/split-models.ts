/** The graphs of models that are read in parts, and the speed of this device for each. */
import { putNewest, sha256, toHex } from "../../core";
import type { Backend, EngineSupervisor, LoadProgress } from "../../inference";
import { type ModelLibrary, SharedWork, isHubName, otherFiles } from "../../models";
import { type Ability, type Graphs, SplitModel, type StageSource } from "../../pipeline";
import { MAX_GRAPH_BYTES, MAX_HIDDEN_BYTES, publicModel } from "../../room";
import type { KnownModel } from "./weights";

/** Number of graphs that are kept: one that runs, one that is planned, and one that is held for another member. */
const MAX_KEPT = 3;
/** Time limit for measuring a layer, including the compilation of kernels, in ms. */
const MEASURING_MS = 120_000;
/** Number of graphs whose measurements are kept. */
const MAX_SPEEDS = 16;
/** Tokens of a step: few enough for stages to overlap in a prompt, many enough to keep a GPU busy. */
const STEP_TOKENS = 32;

interface SplitModelsOptions {
  readonly library: ModelLibrary;
  readonly supervisor: EngineSupervisor;
  readonly backend: Backend;
  /** Reads graphs that the user chose. */
  readonly graphs: Graphs;
  /** Reads graphs that other members chose, apart from those of the user. */
  readonly strangers: Graphs;
}

/** Reads graphs, and measures this device once for each. */
export class SplitModels {
  readonly #options: SplitModelsOptions;
  /** Most recently used last. */
  readonly #models = new Map<string, KnownModel>();
  readonly #reading = new SharedWork<KnownModel, LoadProgress>();
  /** By the measured graph, most recently used last. */
  readonly #speeds = new Map<string, Promise<Pick<Ability, "decodeMs" | "prefillMs">>>();

  constructor(options: SplitModelsOptions) {
    this.#options = options;
  }

  /** Reads graphs that other members chose. */
  get strangers(): Graphs {
    return this.#options.strangers;
  }

  /**
   * Reads a model's graph. `graph` names one of several; by default it is the usual one for this device. Throws
   * `unknown-model`, `network`, or `unsupported-model` if the model cannot be split.
   */
  async read(
    id: string,
    options: {
      readonly graph?: string;
      readonly graphBytes?: number;
      readonly signal: AbortSignal;
      readonly onProgress?: (progress: LoadProgress) => void;
    },
  ): Promise<KnownModel> {
    const { signal, onProgress = () => undefined, ...which } = options;
    const key = JSON.stringify([id, which.graph]);
    const known =
      this.#models.get(key) ??
      (await this.#reading.join(key, (working, report) => this.#read(id, which, working, report), {
        signal,
        onProgress,
      }));
    putNewest(this.#models, key, known, MAX_KEPT);
    return known;
  }

  /**
   * The model that another node means. Throws `unsupported-model` if this node has other files for it, and otherwise
   * like `read`.
   */
  async agreed(source: StageSource, signal: AbortSignal): Promise<KnownModel> {
    const { graph, graphBytes } = source;
    const own = this.#options.library.list().find(({ id }) => publicModel(id) === source.model);
    const model = await this.read(own?.id ?? source.model, { graph, graphBytes, signal });
    if (model.source.weightsHash === source.weightsHash) return model;
    throw otherFiles(model.parts.name);
  }

  /**
   * The same for a model that is not in this device's list yet. A model on the hub is added to the list, so that the
   * user sees what is stored of it. Undefined if it is not available; addresses that others name are not followed.
   */
  async adopt(source: StageSource, signal: AbortSignal): Promise<KnownModel | undefined> {
    if (!isHubName(source.model)) return undefined;
    const { library, backend } = this.#options;
    try {
      await library.add(source.model, { signal });
      const { graph, graphBytes, model: id } = source;
      const parts = await library.parts(id, { graph, graphBytes, maxGraphBytes: MAX_GRAPH_BYTES, signal, backend });
      if (parts.weightsHash !== source.weightsHash) throw otherFiles(parts.name);
      // A member has chosen this model.
      return await SplitModel.read(parts, this.strangers, { trusted: false });
    } catch {
      // A model that does not match should not stay in the list.
      await library.remove(source.model).catch(() => undefined);
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Times of one layer on this device, measured with its own kernels on first use. Rejects if loading fails. */
  async speed(model: SplitModel): Promise<Pick<Ability, "decodeMs" | "prefillMs">> {
    // The key is the graph itself, because others can give it any name.
    const key = toHex(await sha256(model.parts.graphBytes));
    const speed = this.#speeds.get(key) ?? this.#measure(model);
    putNewest(this.#speeds, key, speed, MAX_SPEEDS);
    speed.catch(() => this.#speeds.delete(key));
    return speed;
  }

  async #read(
    id: string,
    which: { readonly graph?: string; readonly graphBytes?: number },
    signal: AbortSignal,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<KnownModel> {
    const { library, backend, graphs } = this.#options;
    return SplitModel.read(
      await library.parts(id, { ...which, maxGraphBytes: MAX_GRAPH_BYTES, signal, backend, onProgress }),
      graphs,
    );
  }

  async #measure(model: SplitModel): Promise<Pick<Ability, "decodeMs" | "prefillMs">> {
    const { supervisor, backend } = this.#options;
    // The time limit also stops a graph that never ends: the engine is then restarted.
    const signal = AbortSignal.timeout(MEASURING_MS);
    const layer = await model.sampleLayer(signal);
    return supervisor.timeStage(layer, { signal, backend, stepTokens: stepTokensOf(model) });
  }
}

/** Tokens that travel in one step. */
export function stepTokensOf(model: SplitModel): number {
  return Math.max(1, Math.min(STEP_TOKENS, Math.floor(MAX_HIDDEN_BYTES / model.planModel.hiddenBytes)));
}
