/** A bare page for the acceptance suite of the border: over a real worker, and over another real tab. */
import { TabBorder, WorkerConnection, connect, holdLife, serve, watchLife } from "../../src/border";
import { FarSide } from "../../src/border/testing/service";
import { SCENARIOS } from "../../src/border/testing/suite";
import { MicrogridError, spawnWorker } from "../../src/core";
import workerUrl from "./worker.ts?worker&url";

/** Functions that the test calls in the page. They reject when the border fails a scenario. */
export interface BorderPage {
  readonly titles: readonly string[];
  overWorker(title: string): Promise<void>;
  /** Serves other tabs; gives this tab's address. */
  serveTabs(): Promise<string>;
  overTab(title: string, tab: string): Promise<void>;
}

declare global {
  interface Window {
    border: BorderPage;
    /** Ends the serving tab; the test provides it. */
    endTab(): Promise<void>;
  }
}

const dead = (): MicrogridError => new MicrogridError("worker-crashed", "The other side is gone.");
const lockOf = (tab: string): string => `border-page/${tab}`;

async function overWorker(title: string): Promise<void> {
  let worker: Worker | undefined;
  const connection = new WorkerConnection<FarSide>({
    create: () => (worker ??= spawnWorker(workerUrl, "far")),
    crashed: dead,
  });
  const far = connection.service;
  await far.group.echo("started");
  // Terminating it from outside fires no error event, as when a browser needs memory.
  const kill = async (): Promise<void> => worker?.terminate();
  await SCENARIOS[title]!({ far, kill, close: () => undefined });
  connection.end(dead());
}

async function serveTabs(): Promise<string> {
  const border = new TabBorder({ build: "1" });
  await holdLife(lockOf(border.id));
  border.accept((_, endpoint) => serve(new FarSide(), endpoint));
  return border.id;
}

async function overTab(title: string, tab: string): Promise<void> {
  const border = new TabBorder({ build: "1" });
  const gone = new AbortController();
  watchLife(lockOf(tab), gone.signal, () => gone.abort(dead()));
  const endpoint = await border.reach(tab, { signal: gone.signal });
  const far = connect<FarSide>(endpoint, { gone: gone.signal });
  await SCENARIOS[title]!({ far, kill: () => window.endTab(), close: () => undefined });
  border.close();
}

window.border = { titles: Object.keys(SCENARIOS), overWorker, serveTabs, overTab };
