/**
 * New versions of the site. The Service Worker of a new build is installed beside the one in use and waits; the page says so,
 * and when a person wants it, it takes over and all tabs reload.
 */
import { livingWith, untilDead } from "../border";
import type { SiteVersion } from "../ui";
import { PAGE_LOCK, pageLock } from "../site-worker/parts";
import { buildOf, tellWorker } from "./worker-messages";

/** The build of this page. */
const BUILD = import.meta.env.MICROGRID_BUILD ?? "dev";
/** Shortest time between two questions whether there is a new version. Browsers ask by themselves at each navigation. */
const CHECK_MS = 15 * 60_000;

/** The page, as far as its version matters. */
interface Updatable {
  readonly version: SiteVersion;
  /** Saves everything before the page is left. */
  save(): Promise<void>;
}

/** Watches for new versions through the site's worker. */
export function followUpdates(workers: ServiceWorkerContainer, site: ServiceWorkerRegistration, page: Updatable): void {
  const look = (): void => void offer(site, page.version);
  site.addEventListener("updatefound", () => {
    const { installing } = site;
    // The first worker of a site is no news.
    installing?.addEventListener("statechange", () => {
      if (installing.state === "installed") look();
    });
  });
  look();
  workers.addEventListener("controllerchange", () => void followWorker(workers, page));
  let checkedAt = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - checkedAt < CHECK_MS) return;
    checkedAt = Date.now();
    // Without a network, there is no news.
    site.update().catch(() => undefined);
  });
}

/** Resolves when no tab of another build is open. */
export async function otherBuildsGone(): Promise<void> {
  const forever = new AbortController().signal;
  for (let [page] = await otherPages(); page !== undefined; [page] = await otherPages()) await untilDead(page, forever);
}

/** The locks of pages of other builds. */
async function otherPages(): Promise<string[]> {
  return (await livingWith(PAGE_LOCK)).filter((name) => !name.startsWith(pageLock(BUILD, "")));
}

/** Shows the version that waits, unless it is that of this page, which came past the worker: then nobody has to wait. */
async function offer(site: ServiceWorkerRegistration, version: SiteVersion): Promise<void> {
  const { waiting, active } = site;
  if (!waiting || !active) return;
  const takeOver = (): void => tellWorker(waiting, { type: "microgrid/take-over" });
  if ((await buildOf(waiting)) !== BUILD) version.isReady(takeOver);
  else if ((await otherPages()).length === 0) takeOver();
}

/** A new worker has taken over: a page of another build begins again, with the build of the worker. */
async function followWorker({ controller }: ServiceWorkerContainer, { save }: Updatable): Promise<void> {
  const build = controller ? await buildOf(controller) : undefined;
  if (build === undefined || build === BUILD) return;
  await save();
  location.reload();
}
