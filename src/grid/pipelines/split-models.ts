/** The graphs of models that are read in parts, and how fast this device is with them. */
import type { Backend, EngineSupervisor } from "../../inference";
import { type ModelLibrary, isHubName } from "../../models";
import { type Ability, SplitModel, type StageSource } from "../../pipeline";
import { otherVersion, stepTokensOf } from "./limits";
import type { KnownModel } from "./weights";

/** Graphs that are kept: one that runs, one that is planned, and one that is held for somebody. */
const MAX_KEPT = 3;

interface SplitModelsOptions {
  readonly library: ModelLibrary;
  readonly supervisor: EngineSupervisor;
  readonly backend: Backend;
}

/** Reads graphs, and measures this device once for each. */
export class SplitModels {
  readonly #options: SplitModelsOptions;
  /** The latest stands last. */
  readonly #models = new Map<string, Promise<KnownModel>>();
  readonly #speeds = new Map<string, Promise<Pick<Ability, "decodeMs" | "prefillMs">>>();

  constructor(options: SplitModelsOptions) {
    this.#options = options;
  }

  /**
   * A model's graph; `graph` names one of several that it may have, else the usual one of this device is taken. Throws
   * `unknown-model`, `unsupported-model` where it cannot be split, `network`.
   */
  async read(id: string, options: { readonly graph?: string; readonly signal: AbortSignal }): Promise<KnownModel> {
    const { library, backend } = this.#options;
    const key = `${options.graph ?? ""} ${id}`;
    const known = this.#models.get(key);
    const model = known ?? library.parts(id, { ...options, backend }).then((parts) => new SplitModel(parts));
    this.#models.delete(key);
    this.#models.set(key, model);
    model.catch(() => this.#models.delete(key));
    for (const oldest of [...this.#models.keys()].slice(0, -MAX_KEPT)) this.#models.delete(oldest);
    return model;
  }

  /** The one that another node means. Throws `unsupported-model` where this node would read other files, else as `read`. */
  async agreed(source: StageSource, signal: AbortSignal): Promise<KnownModel> {
    const model = await this.read(source.model, { graph: source.graph, signal });
    if (model.source.weightsHash === source.weightsHash) return model;
    throw otherVersion(model.parts.name);
  }

  /**
   * The same for a model that is not in this device's list yet: one of the hub is added, so that its user sees what is
   * stored of it. Undefined where it cannot be had; addresses that others name are not followed.
   */
  async adopt(source: StageSource, signal: AbortSignal): Promise<KnownModel | undefined> {
    if (!isHubName(source.model)) return undefined;
    try {
      await this.#options.library.add(source.model, { signal });
      return await this.agreed(source, signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Times of one layer on this device, measured with its own kernels the first time. Rejects as loading does. */
  speed(model: SplitModel): Promise<Pick<Ability, "decodeMs" | "prefillMs">> {
    const { weightsHash } = model.source;
    const speed = this.#speeds.get(weightsHash) ?? this.#measure(model);
    this.#speeds.set(weightsHash, speed);
    speed.catch(() => this.#speeds.delete(weightsHash));
    return speed;
  }

  async #measure(model: SplitModel): Promise<Pick<Ability, "decodeMs" | "prefillMs">> {
    const { supervisor, backend } = this.#options;
    const { signal } = new AbortController();
    const layer = await model.sampleLayer(signal);
    return supervisor.timeStage(layer, { signal, backend, stepTokens: stepTokensOf(model) });
  }
}
