/** The embedded model on the backend that a measurement is about. */
import { gridReady, loadModel } from "../e2e/harness/grid";
import type { SitePage } from "../e2e/harness/site-page";
import type { Backend } from "../src/grid";

/** Loads the guide. Throws if it then runs on another backend, since the figures would be wrong. */
export async function withGuide(site: SitePage, backend: Backend = "wasm"): Promise<void> {
  await gridReady(site);
  // The page loads the guide by itself. A second load would join that one, even for another backend.
  await site.page.waitForFunction(() => window.microgrid!.state.loads.guide?.kind === "ready");
  await loadModel(site, "guide", { backend });
  const used = await site.page.evaluate(() => {
    const load = window.microgrid!.state.loads.guide;
    return load?.kind === "ready" ? load.offer.backend : undefined;
  });
  if (used !== backend) throw new Error(`The guide runs on ${used ?? "nothing"} where ${backend} was asked for.`);
}
