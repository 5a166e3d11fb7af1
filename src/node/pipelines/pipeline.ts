/** One pipeline of this node over its whole life: formed, planned anew when nobody can repair it, and closed. */
import { MicrogridError, isAbort, randomId } from "../../core";
import type { PipelineState, PlanOptions } from "../types";
import type { PipelineProvider } from "./pipeline-provider";
import type { Planned } from "./planner";
import type { PipelineRun } from "./pipeline-run";

/** A pipeline that nobody can repair is planned anew this often within a minute. */
const MAX_RENEWALS = 3;
const RENEWAL_WINDOW_MS = 60_000;

interface OwnPipelineOptions {
  /** What was asked for when it was planned. */
  readonly wanted: PlanOptions;
  /** Makes what `planned` says; `onLost` is called when that cannot answer any more. */
  make(planned: Planned, onLost: (error: Error) => void): PipelineRun;
  plan(model: string, wanted: PlanOptions, options: { signal: AbortSignal }): Promise<Planned>;
  /** It has ended by itself; the reason is for people. */
  onEnd(error: MicrogridError): void;
}

/** A pipeline, whoever holds its layers at the moment. */
export class Pipeline {
  readonly id = randomId(8);
  readonly model: string;
  readonly wanted: PlanOptions;
  readonly #options: OwnPipelineOptions;
  readonly #stop = new AbortController();
  #running: PipelineRun;
  /** When it was planned anew of late. */
  #renewals: number[] = [];

  constructor(planned: Planned, options: OwnPipelineOptions) {
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

  /** Rejects where it cannot be formed, or is closed meanwhile; nothing is left of it then. */
  form({ signal }: { signal: AbortSignal }): Promise<void> {
    return this.#running.form({ signal: AbortSignal.any([signal, this.#stop.signal]) });
  }

  /** The engine has lost its two ends. */
  crashed(reason: string): void {
    this.#lost(new MicrogridError("worker-crashed", reason));
  }

  close(): void {
    this.#stop.abort(new MicrogridError("closed", "The pipeline was closed."));
    this.#running.close();
  }

  /** Plans it anew among all who are there, in whatever number; nobody has to press a button. */
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
