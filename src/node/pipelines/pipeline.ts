/** One pipeline of this node over its whole life: formed, planned again if it cannot be repaired, and closed. */
import { MicrogridError, isAbort, randomId } from "../../core";
import type { PipelineState, PlanOptions } from "../types";
import type { PipelineProvider } from "./pipeline-provider";
import type { Planned } from "./planner";
import type { PipelineRun } from "./pipeline-run";

/** How often within a minute a pipeline that cannot be repaired is planned again. */
const MAX_RENEWALS = 3;
const RENEWAL_WINDOW_MS = 60_000;

interface PipelineOptions {
  /** The options that it was planned with. */
  readonly wanted: PlanOptions;
  /** Makes the run of a plan. `onLost` is called when it can no longer answer. */
  make(planned: Planned, onLost: (error: Error) => void): PipelineRun;
  plan(model: string, wanted: PlanOptions, options: { signal: AbortSignal }): Promise<Planned>;
  /** Called when it has ended by itself; the reason is for people. */
  onEnd(error: MicrogridError): void;
}

/** A pipeline, independent of the devices that hold its layers at the moment. */
export class OwnPipeline {
  readonly id = randomId(8);
  readonly model: string;
  readonly wanted: PlanOptions;
  readonly #options: PipelineOptions;
  readonly #stop = new AbortController();
  #running: PipelineRun;
  /** Times of the recent new plans. */
  #renewals: number[] = [];

  constructor(planned: Planned, options: PipelineOptions) {
    this.#options = options;
    this.wanted = options.wanted;
    this.model = planned.plan.model;
    this.#running = options.make(planned, (error) => this.#lost(error));
  }

  get state(): PipelineState {
    return { ...this.#running.state, id: this.id };
  }

  /** Undefined while it cannot answer. */
  get provider(): PipelineProvider | undefined {
    return this.#running.provider;
  }

  get running(): PipelineRun {
    return this.#running;
  }

  /** Rejects if it cannot be formed or is closed meanwhile; then everything has been freed. */
  form({ signal }: { signal: AbortSignal }): Promise<void> {
    return this.#running.form({ signal: AbortSignal.any([signal, this.#stop.signal]) });
  }

  /** Call this when the engine has lost its two ends. */
  crashed(reason: string): void {
    this.#lost(new MicrogridError("worker-crashed", reason));
  }

  close(): void {
    this.#stop.abort(new MicrogridError("closed", "The pipeline was closed."));
    this.#running.close();
  }

  /** Plans it again with all present devices, in any number, without asking the user. */
  #lost(error: Error): void {
    if (this.#stop.signal.aborted) return;
    this.#running.close(error);
    const now = performance.now();
    this.#renewals = [...this.#renewals.filter((at) => now - at < RENEWAL_WINDOW_MS), now];
    void this.#renew(error);
  }

  async #renew(lost: Error): Promise<void> {
    const { signal } = this.#stop;
    const { name } = this.#running.plan;
    const { stages: _count, ...wanted } = this.wanted;
    try {
      if (this.#renewals.length > MAX_RENEWALS) throw lost;
      const planned = await this.#options.plan(this.model, wanted, { signal });
      signal.throwIfAborted();
      if (planned.plan.missing) throw new MicrogridError("no-provider", planned.plan.missing.text);
      this.#running = this.#options.make(planned, (error) => this.#lost(error));
      await this.#running.form({ signal });
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      const why = error instanceof Error ? error.message : String(error);
      const text = `${name} no longer runs with the room: ${why}`;
      this.#options.onEnd(new MicrogridError("no-provider", text, { cause: error }));
    }
  }
}
