/** Running a model together with others: asked, shown as a plan, formed; it goes on when the dialog is closed. */
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
    | { readonly kind: "planned" | "forming" | "ready"; readonly plan: PipelinePlan }
    | { readonly kind: "failed"; readonly text: string; readonly plan?: PipelinePlan }
  );

/** One attempt at a time; a newer one takes the place of the older. */
export class Together extends TypedEventTarget<{ change: undefined; ready: PipelinePlan }> {
  readonly #grid: GridApi;
  #attempt: Attempt | undefined;
  #shown = false;
  #abort = new AbortController();

  constructor(grid: GridApi) {
    super();
    this.#grid = grid;
  }

  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  /** Whether the attempt is what the dialog shows. */
  get shown(): boolean {
    return this.#shown && this.#attempt !== undefined;
  }

  /** Asks the room who could hold which layers of a model. Never rejects: failures are shown. */
  async plan(model: string, options: PlanOptions = {}): Promise<void> {
    const signal = this.#restart({ kind: "asking", model, options });
    this.#shown = true;
    try {
      const plan = await this.#grid.pipelines.plan(model, { ...options, signal });
      if (!signal.aborted) this.#set({ kind: "planned", model, options, plan });
    } catch (error) {
      if (!signal.aborted) this.#set({ kind: "failed", model, options, text: errorText(error) });
    }
  }

  /** Forms the pipeline that was planned. Never rejects: failures are shown. */
  async form(): Promise<void> {
    const attempt = this.#attempt;
    if (attempt?.kind !== "planned") return;
    const { model, options, plan } = attempt;
    const signal = this.#restart({ ...attempt, kind: "forming" });
    try {
      await this.#grid.pipelines.open(plan, { signal });
      if (signal.aborted) return;
      this.#set({ kind: "ready", model, options, plan });
      this.emit("ready", plan);
    } catch (error) {
      if (signal.aborted) return;
      const why = isAbort(error) ? "The pipeline was closed while it was being formed." : errorText(error);
      this.#set({ kind: "failed", model, options, plan, text: why });
    }
  }

  /** Asks again, with the same wishes or others. */
  async again(options: PlanOptions | undefined = this.#attempt?.options): Promise<void> {
    if (this.#attempt) await this.plan(this.#attempt.model, options);
  }

  /** Gives the attempt up; what was loaded for it is freed. */
  cancel(): void {
    this.#abort.abort();
    this.#shown = false;
    this.#set(undefined);
  }

  show(): void {
    this.#shown = true;
    this.emit("change", undefined);
  }

  /** Looks away: what is being formed goes on, everything else is given up. */
  hide(): void {
    if (this.#attempt?.kind !== "forming") {
      this.cancel();
      return;
    }
    this.#shown = false;
    this.emit("change", undefined);
  }

  /** Frees the pipelines of a model everywhere. */
  async close(model: string): Promise<void> {
    if (this.#attempt?.model === model) this.cancel();
    const running = this.#grid.pipelines.list().filter((pipeline) => pipeline.model === model);
    await Promise.all(running.map((pipeline) => pipeline.close()));
  }

  #restart(attempt: Attempt): AbortSignal {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#set(attempt);
    return this.#abort.signal;
  }

  #set(attempt: Attempt | undefined): void {
    this.#attempt = attempt;
    this.emit("change", undefined);
  }
}
