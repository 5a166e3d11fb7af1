/** A bare page for the acceptance suite of the border, over another real tab. */
import { TabBorder, connect, holdLife, serve, watchLife } from "../../src/border";
import { FarSide } from "../../src/border/testing/service";
import { SCENARIOS } from "../../src/border/testing/suite";
import { MicrogridError } from "../../src/core";

/** Functions that the test calls in the page. They reject when the border fails a scenario. */
export interface BorderPage {
  readonly titles: readonly string[];
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

window.border = { titles: Object.keys(SCENARIOS), serveTabs, overTab };
