/** The work that a reload of all tabs would end. */
import { onAbort } from "../../core";
import { type GridApi, answersEnd, answersRun } from "../../grid";
import type { Work, WorkInPage } from "./site-version";

/** The work of all tabs, as this one sees it. */
export function workOf(grid: GridApi): WorkInPage {
  const running = async (): Promise<Work | undefined> => {
    if (loads(grid)) return "download";
    return (await answersRun()) || (grid.state.room?.serving ?? 0) > 0 ? "answer" : undefined;
  };
  return {
    running,
    async idle(signal) {
      for (let work = await running(); work; work = await running()) {
        await (work === "answer" && (grid.state.room?.serving ?? 0) === 0 ? answersEnd(signal) : change(grid, signal));
      }
    },
  };
}

function loads({ state }: GridApi): boolean {
  return Object.values(state.loads).some(({ kind }) => kind === "loading");
}

/** Waits for the next change of the grid's state. */
async function change(grid: GridApi, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      stop = grid.on("change", () => resolve());
      onAbort(signal, reject);
    });
  } finally {
    stop();
  }
}
