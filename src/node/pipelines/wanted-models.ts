/**
 * The models that others ask this node to help with: models that it knows, and models that it reads from the consumer.
 */
import { type Did, MicrogridError } from "../../core";
import type { SplitModel, StageSource, WeightSource } from "../../pipeline";
import type { BulkSource, WeightTransfer } from "../../room";
import type { SplitModels } from "./split-models";
import { type KnownModel, modelOf, weightsOf } from "./weights";

/** Number of hub models that others may add to this device's list while the page lives. */
const MAX_ADOPTED = 8;

const UNKNOWN =
  "The room's rules name the models that may run. This device does not know this one, so it cannot check that it is the model of that name. Add the model here first.";

/** Finds the models that members name, and trusts their files as little as possible. */
export class WantedModels {
  readonly #models: SplitModels;
  readonly #bulk: WeightTransfer;
  readonly #adopted = new Set<string>();

  constructor(models: SplitModels, bulk: WeightTransfer) {
    this.#models = models;
    this.#bulk = bulk;
  }

  /**
   * Finds the model that a consumer means and stores nothing but its graph. With `mustKnow`, only models that this device knows by
   * itself count: a consumer could give any graph the name of another. Rejects like `SplitModels.agreed`.
   */
  async look(
    source: StageSource,
    consumer: Did,
    options: { readonly signal: AbortSignal; readonly mustKnow: boolean },
  ): Promise<SplitModel | KnownModel> {
    try {
      return await this.#models.agreed(source, options.signal);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof MicrogridError && error.code === "unknown-model")) throw error;
      if (options.mustKnow) throw new MicrogridError("unsupported-model", UNKNOWN);
      const { strangers: graphs } = this.#models;
      return modelOf(source, this.#given(source, consumer), { ...options, graphs });
    }
  }

  /** The source of the weights of a model that was found, for layers that will be held. */
  async weights(
    model: SplitModel | KnownModel,
    source: StageSource & { readonly attempt: number },
    consumer: Did,
    options: { readonly signal: AbortSignal },
  ): Promise<WeightSource> {
    const given = this.#given(source, consumer);
    const known = isKnown(model) ? model : await this.#adopt(source, options.signal);
    return known ? weightsOf(known, given, { urgent: source.attempt > 0 }) : given;
  }

  #given({ model, graph, weightsHash }: StageSource, consumer: Did): BulkSource {
    return this.#bulk.source(consumer, { model, graph, weightsHash });
  }

  async #adopt(source: StageSource, signal: AbortSignal): Promise<KnownModel | undefined> {
    if (!this.#adopted.has(source.model) && this.#adopted.size >= MAX_ADOPTED) return undefined;
    this.#adopted.add(source.model);
    return this.#models.adopt(source, signal);
  }
}

function isKnown(model: SplitModel | KnownModel): model is KnownModel {
  return "stored" in model.parts;
}
