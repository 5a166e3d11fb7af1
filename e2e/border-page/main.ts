/** A bare page for the acceptance suite of the border, over another real tab and over a real worker. */
import { TabBorder, WorkerConnection, connect, holdLife, serve, watchLife } from "../../src/border";
import { FarSide } from "../../src/border/testing/service";
import { SCENARIOS } from "../../src/border/testing/suite";
import { MicrogridError } from "../../src/core";

/** Functions that the test calls in the page. They reject when the border fails a scenario. */
export interface BorderPage {
  readonly titles: readonly string[];
  /** Serves other tabs; gives this tab's address. */
  serveTabs(): Promise<string>;
  overTab(title: string, tab: string): Promise<void>;
  /** Each scenario has a worker of its own, which dies without an event. */
  overWorker(title: string): Promise<void>;
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

async function overWorker(title: string): Promise<void> {
  const worker = new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
  const connection = new WorkerConnection<FarSide>({ create: () => worker, crashed: dead });
  const kill = async (): Promise<void> => worker.terminate();
  await SCENARIOS[title]!({ far: connection.service, kill, close: () => undefined });
  connection.end(dead());
}

window.border = { titles: Object.keys(SCENARIOS), serveTabs, overTab, overWorker };
