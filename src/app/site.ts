/** The site around the page: its Service Worker, its versions. Loaded with the grid. */
import type { GridApi } from "../grid";
import type { MicrogridApp } from "../ui";
import { followUpdates } from "./site-updates";
import { connectSiteWorker } from "./site-worker";

export { otherBuildsGone } from "./site-updates";

/** Connects the page with the site's worker. `grid` may still be starting. */
export function connectSite(grid: Promise<GridApi>, app: MicrogridApp): void {
  const { version } = app;
  const save = async (): Promise<void> => app.workspace?.save();
  void connectSiteWorker(grid).then((site) => {
    if (site) followUpdates(navigator.serviceWorker, site, { version, save });
  });
}
