/** Opens pipelines again after a reload, or in the tab that takes over. */
import { sleep } from "../../core";
import type { PipelinePlan, PlanOptions } from "../types";

/** How long to wait for the room and the former helpers, and how often to check, in ms. */
const MAX_WAIT_MS = 60_000;
const LOOK_MS = 2_000;

/** A pipeline as it is remembered. */
export type WantedPipeline = PlanOptions & {
  readonly model: string;
  /** The ids of the nodes that held its layers. */
  readonly holders: readonly string[];
};

interface RestoringOptions {
  /** Whether a member is present and gives memory. */
  gives(holder: string): boolean;
  plan(model: string, wanted: PlanOptions, signal: AbortSignal): Promise<PipelinePlan>;
  open(plan: PipelinePlan, signal: AbortSignal): Promise<unknown>;
  /** Called when it could not be opened again; the sentence is for people. */
  onFailure(text: string): void;
}

/** Pipelines that wait to be opened again. */
export class Restoring {
  readonly #options: RestoringOptions;
  #waiting: readonly WantedPipeline[] = [];

  constructor(options: RestoringOptions) {
    this.#options = options;
  }

  /** The pipelines that are not open yet. */
  get waiting(): readonly WantedPipeline[] {
    return this.#waiting;
  }

  /** Remembers the pipelines to open when `start` is called. */
  expect(wanted: readonly WantedPipeline[]): void {
    this.#waiting = wanted;
  }

  start(signal: AbortSignal): void {
    for (const wanted of this.#waiting) void this.#restore(wanted, signal);
  }

  /** Stops waiting, because another room was entered. */
  forget(): void {
    this.#waiting = [];
  }

  async #restore(wanted: WantedPipeline, signal: AbortSignal): Promise<void> {
    const { gives, plan, open, onFailure } = this.#options;
    const { model, holders, ...options } = wanted;
    const until = performance.now() + MAX_WAIT_MS;
    let why = "";
    while (this.#waiting.includes(wanted) && !signal.aborted) {
      const isLast = performance.now() > until;
      if (isLast || holders.every((holder) => gives(holder))) {
        const made = await plan(model, options, signal).catch((error: unknown) => void (why = String(error)));
        if (!this.#waiting.includes(wanted)) return;
        if (made && !made.missing) {
          const opening = open(made, signal);
          this.#done(wanted);
          await opening.catch((error: unknown) => {
            if (!signal.aborted) onFailure(failure(model, error instanceof Error ? error.message : String(error)));
          });
          return;
        }
        why = made?.missing?.text ?? why;
      }
      if (isLast) {
        this.#done(wanted);
        onFailure(failure(model, why));
        return;
      }
      await sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  #done(wanted: WantedPipeline): void {
    this.#waiting = this.#waiting.filter((each) => each !== wanted);
  }
}

function failure(model: string, why: string): string {
  return `“${model}” no longer runs with the room, since this page was reloaded. ${why}`;
}
