/** Runs models together with others: asks the room, shows a plan, forms the pipeline. Forming goes on when the dialog is closed. */
import { TypedEventTarget, isAbort } from "../../core";
import type { GridApi, PipelinePlan, PlanOptions } from "../../grid";
import { errorText } from "../failure";

interface Wish {
  readonly model: string;
  readonly options: PlanOptions;
}

/** The way to one pipeline: from the question to the room until the pipeline runs or has failed. */
export type PipelineSetup = Wish &
  (
    | { readonly kind: "asking" }
    | { readonly kind: "planned" | "forming"; readonly plan: PipelinePlan }
    /** `pipeline`: its id. */
    | { readonly kind: "ready"; readonly plan: PipelinePlan; readonly pipeline: string }
    | { readonly kind: "failed"; readonly text: string; readonly plan?: PipelinePlan }
  );

/** The result of forming a plan; `seen` is true if the dialog shows it. */
export interface Outcome {
  readonly plan: PipelinePlan;
  readonly seen: boolean;
}

interface TogetherEvents {
  change: undefined;
  ready: Outcome;
  failed: Outcome & { readonly text: string };
}

/**
 * There is one setup for each model, since a node runs a model in one pipeline at most. The dialog shows one of
 * them; the others are being formed or have failed.
 */
export class Together extends TypedEventTarget<TogetherEvents> {
  readonly #grid: GridApi;
  readonly #setups = new Map<string, { setup: PipelineSetup; readonly abort: AbortController }>();
  /** The model whose setup the dialog shows. */
  #shown: string | undefined;

  constructor(grid: GridApi) {
    super();
    this.#grid = grid;
  }

  /** The setup that the dialog shows; undefined while it shows the list of models. */
  get shown(): PipelineSetup | undefined {
    return this.#shown === undefined ? undefined : this.of(this.#shown);
  }

  /** The setup for a model, if there is one. */
  of(model: string): PipelineSetup | undefined {
    return this.#setups.get(model)?.setup;
  }

  /**
   * Asks which devices of the room could hold which layers of a model, and shows the plan. If the model is being formed
   * already, that setup is shown instead.
   * Never rejects: failures are shown.
   */
  async plan(model: string, options: PlanOptions = {}): Promise<void> {
    if (this.#shown !== model) this.hide();
    if (this.of(model)?.kind === "forming") {
      this.show(model);
      return;
    }
    this.#shown = model;
    const signal = this.#begin({ kind: "asking", model, options });
    try {
      const plan = await this.#grid.pipelines.plan(model, { ...options, signal });
      if (!signal.aborted) this.#set({ kind: "planned", model, options, plan });
    } catch (error) {
      if (!signal.aborted) this.#set({ kind: "failed", model, options, text: errorText(error) });
    }
  }

  /** Forms the pipeline whose plan is shown. Never rejects: the events `ready` and `failed` tell the result. */
  async form(): Promise<void> {
    const { shown } = this;
    if (shown?.kind !== "planned") return;
    const { model, options, plan } = shown;
    const signal = this.#begin({ ...shown, kind: "forming" });
    try {
      const { id } = await this.#grid.pipelines.open(plan, { signal });
      if (signal.aborted) return;
      const seen = this.#shown === model;
      if (seen) this.#set({ kind: "ready", model, options, plan, pipeline: id });
      else this.cancel(model);
      this.emit("ready", { plan, seen });
    } catch (error) {
      if (signal.aborted) return;
      const text = isAbort(error) ? "The pipeline was closed while it was being formed." : errorText(error);
      this.#set({ kind: "failed", model, options, plan, text });
      this.emit("failed", { plan, seen: this.#shown === model, text });
    }
  }

  /** Asks again, with the same options or others; for the model that the dialog shows unless another is named. */
  async again({ model = this.#shown, options }: { model?: string; options?: PlanOptions } = {}): Promise<void> {
    if (model !== undefined) await this.plan(model, options ?? this.of(model)?.options);
  }

  /** Gives a setup up, the shown one unless a model is named; layers that were loaded for it are freed. */
  cancel(model = this.#shown): void {
    if (model === undefined) return;
    this.#setups.get(model)?.abort.abort();
    this.#setups.delete(model);
    if (this.#shown === model) this.#shown = undefined;
    this.emit("change", undefined);
  }

  show(model: string): void {
    if (this.#shown !== model) this.hide();
    this.#shown = model;
    this.emit("change", undefined);
  }

  /** Shows the list of models again: a pipeline that is being formed goes on, any other setup is given up. */
  hide(): void {
    if (this.shown?.kind !== "forming") this.cancel();
    this.#shown = undefined;
    this.emit("change", undefined);
  }

  /** Frees a pipeline on all devices. A setup of this page that is forming it ends. */
  async close(id: string): Promise<void> {
    const pipeline = this.#grid.pipelines.list().find((each) => each.id === id);
    if (!pipeline) return;
    const forming = pipeline.state?.status === "forming" && this.of(pipeline.model)?.kind === "forming";
    if (forming) this.cancel(pipeline.model);
    await pipeline.close();
  }

  /** Replaces the model's earlier setup. The signal aborts when the new setup is given up. */
  #begin(setup: PipelineSetup): AbortSignal {
    this.#setups.get(setup.model)?.abort.abort();
    const abort = new AbortController();
    this.#setups.set(setup.model, { setup, abort });
    this.emit("change", undefined);
    return abort.signal;
  }

  #set(setup: PipelineSetup): void {
    const entry = this.#setups.get(setup.model);
    if (entry) entry.setup = setup;
    this.emit("change", undefined);
  }
}
