/** The models that others want this node to help with: those that it knows, and those that it takes from who asks. */
import { type Did, MicrogridError } from "../../core";
import type { SplitModel, StageSource, WeightSource } from "../../pipeline";
import type { BulkSource, WeightTransfer } from "../../room";
import type { SplitModels } from "./split-models";
import { type KnownModel, MAX_GRAPH_BYTES, modelOf, weightsOf } from "./weights";

/** Models of the hub that others may add to this device's list as long as the page lives. */
const MAX_ADOPTED = 8;

/** Finds models by what members say of them, and trusts them no further than it must. */
export class WantedModels {
  readonly #models: SplitModels;
  readonly #bulk: WeightTransfer;
  readonly #adopted = new Set<string>();

  constructor(models: SplitModels, bulk: WeightTransfer) {
    this.#models = models;
    this.#bulk = bulk;
  }

  /**
   * The model that a consumer means, without anything being stored of it but its graph. Rejects as `SplitModels.agreed`, and
   * with `unsupported-model` where the graph is too large.
   */
  async look(
    source: StageSource,
    consumer: Did,
    options: { readonly signal: AbortSignal },
  ): Promise<SplitModel | KnownModel> {
    if (source.graphBytes > MAX_GRAPH_BYTES) {
      throw new MicrogridError(
        "unsupported-model",
        "The model's graph is too large for this device to read for others.",
      );
    }
    try {
      return await this.#models.agreed(source, options.signal);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof MicrogridError && error.code === "unknown-model")) throw error;
      return modelOf(source, this.#given(source, consumer), options);
    }
  }

  /** Where the weights of a model that was found come from, now that layers of it are to be held. */
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
