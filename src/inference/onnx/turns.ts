/** The run queue of a worker: first come, first served. */
import { nextTask, unless } from "../../core";
import type { Backend } from "../types";
import { engineError } from "./errors";

/** Runs one step in the worker's fair order and explains its errors. */
export type TakeTurn = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/**
 * Runs pieces of work one after another, in the order in which they were asked for. A sequence asks for one step at
 * a time, so several sequences alternate step by step, and long prompts are fed in chunks between the others' tokens.
 */
export class TurnQueue {
  #last: Promise<unknown> = Promise.resolve();
  /** Resolves when pending messages were let in after the last piece of work. Later work then runs at once. */
  #breath: Promise<unknown> = Promise.resolve();

  /** Runs `work` when its turn comes. Rejects with the signal's reason if it is aborted before that. */
  run<T>(work: () => Promise<T>, options: { signal?: AbortSignal } = {}): Promise<T> {
    const { signal } = options;
    const turn = this.#last.then(async () => {
      await this.#breath;
      signal?.throwIfAborted();
      try {
        return await work();
      } finally {
        // A run on WASM never gives the event loop a chance by itself.
        this.#breath = nextTask();
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Takes turns for a model on `backend`. `lost` rejects when the GPU device is lost; it never settles otherwise. */
export function turnTaker(options: { turns: TurnQueue; lost: Promise<never>; backend: Backend }): TakeTurn {
  const unlessLost = unless(options.lost);
  return async (work, signal) => {
    try {
      return await unlessLost(options.turns.run(work, { signal }));
    } catch (error) {
      throw signal.aborted ? signal.reason : engineError(error, options.backend);
    }
  };
}
