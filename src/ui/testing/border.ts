/** What the parts of the fake grid share: its state, and time that passes. */
import type { GridState } from "../../grid";

export interface FakeBorder {
  state(): GridState;
  set(patch: Partial<GridState>): Promise<void>;
}

/** Whether the address of the development page asks for something. */
export function asked(option: string): boolean {
  return new URLSearchParams(location.search).has(option);
}

/** Resolves after some milliseconds; rejects where it is aborted before. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
