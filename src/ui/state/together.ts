/** Running models together with others: asked, shown as a plan, formed; forming goes on when the dialog is closed. */
import { TypedEventTarget, isAbort } from "../../core";
import type { GridApi, PipelinePlan, PlanOptions } from "../../grid";
import { errorText } from "../failure";

interface Wish {
  readonly model: string;
  readonly options: PlanOptions;
}

/** How far the wish to run a model together is. */
export type Attempt = Wish &
  (
    | { readonly kind: "asking" }
    | { readonly kind: "planned" | "forming"; readonly plan: PipelinePlan }
    /** `pipeline`: its id. */
    | { readonly kind: "ready"; readonly plan: PipelinePlan; readonly pipeline: string }
    | { readonly kind: "failed"; readonly text: string; readonly plan?: PipelinePlan }
  );

/** What became of a plan that was formed; `seen` where the dialog shows it. */
export interface Outcome {
  readonly plan: PipelinePlan;
  readonly seen: boolean;
}

export interface TogetherEvents {
  change: undefined;
  ready: Outcome;
  failed: Outcome & { readonly text: string };
}

/**
 * One attempt for each model, as a node runs a model in one pipeline at most. The dialog shows one of them; those that
 * it does not show are being formed, or have failed to be.
 */
export class Together extends TypedEventTarget<TogetherEvents> {
  readonly #grid: GridApi;
  readonly #attempts = new Map<string, { attempt: Attempt; readonly abort: AbortController }>();
  /** The model whose attempt the dialog shows. */
  #shown: string | undefined;

  constructor(grid: GridApi) {
    super();
    this.#grid = grid;
  }

  /** What the dialog shows; undefined while it shows the list of models. */
  get shown(): Attempt | undefined {
    return this.#shown === undefined ? undefined : this.of(this.#shown);
  }

  /** How far it is with a model. */
  of(model: string): Attempt | undefined {
    return this.#attempts.get(model)?.attempt;
  }

  /**
   * Asks the room who could hold which layers of a model, and shows that; one that is being formed is shown instead.
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

  /** Forms the pipeline whose plan is shown. Never rejects: `ready` or `failed` tells what became of it. */
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

  /** Asks anew, as before or with other wishes; of what the dialog shows unless a model is named. */
  async again({ model = this.#shown, options }: { model?: string; options?: PlanOptions } = {}): Promise<void> {
    if (model !== undefined) await this.plan(model, options ?? this.of(model)?.options);
  }

  /** Gives an attempt up, the shown one unless a model is named; what was loaded for it is freed. */
  cancel(model = this.#shown): void {
    if (model === undefined) return;
    this.#attempts.get(model)?.abort.abort();
    this.#attempts.delete(model);
    if (this.#shown === model) this.#shown = undefined;
    this.emit("change", undefined);
  }

  show(model: string): void {
    if (this.#shown !== model) this.hide();
    this.#shown = model;
    this.emit("change", undefined);
  }

  /** Looks away: what is being formed goes on, everything else is given up. */
  hide(): void {
    if (this.shown?.kind !== "forming") this.cancel();
    this.#shown = undefined;
    this.emit("change", undefined);
  }

  /** Frees a pipeline everywhere; one that is being formed for an attempt of this page ends that. */
  async close(id: string): Promise<void> {
    const pipeline = this.#grid.pipelines.list().find((each) => each.id === id);
    if (!pipeline) return;
    const forming = pipeline.state?.status === "forming" && this.of(pipeline.model)?.kind === "forming";
    if (forming) this.cancel(pipeline.model);
    await pipeline.close();
  }

  /** Takes the place of the model's attempt before; the signal aborts once that is given up. */
  #begin(attempt: Attempt): AbortSignal {
    this.#attempts.get(attempt.model)?.abort.abort();
    const abort = new AbortController();
    this.#attempts.set(attempt.model, { attempt, abort });
    this.emit("change", undefined);
    return abort.signal;
  }

  #set(attempt: Attempt): void {
    const entry = this.#attempts.get(attempt.model);
    if (entry) entry.attempt = attempt;
    this.emit("change", undefined);
  }
}
