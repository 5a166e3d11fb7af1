/** Helpers that the parts of the fake grid share: its state, options in the address, and delays. */
import type { GridState } from "../../grid";

export interface FakeBorder {
  state(): GridState;
  set(patch: Partial<GridState>): Promise<void>;
}

/** Whether the address of the development page has this option. */
export function asked(option: string): boolean {
  return new URLSearchParams(location.search).has(option);
}

/** Resolves after some milliseconds; rejects if it is aborted before. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
