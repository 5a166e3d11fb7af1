/** The site that the script came from, and the one grid that all elements of a page share. */
import { MicrogridError } from "../core";
import type { GridApi } from "../grid";

let site: string | undefined;
let openGrid = async (): Promise<GridApi> => {
  const { Grid } = await import("../grid");
  return Grid.open(site === undefined ? {} : { baseUrl: site });
};
let opening: Promise<GridApi> | undefined;
/** True from the moment in which `openGrid` is called. */
let asked = false;

/** Sets where `microgrid.config.json` and the embedded model are: the URL of a folder, with a slash at its end. */
export function setSite(url: string): void {
  site = url;
}

/** The URL of the site that the script came from; undefined if it is not known. */
export function siteUrl(): string | undefined {
  return site;
}

/**
 * Says how the elements of this page get their grid: `open` is called when the first of them needs one, and again after a
 * failure. Use it to name servers, or to give the elements the grid that your own code uses. Call it in the script that imports the
 * elements; it throws `bad-request` if they have a grid already.
 *
 * ```js
 * shareGrid(() => Grid.open({ signaling: ["https://signal.example/microgrid"] }));
 * ```
 */
export function shareGrid(open: () => GridApi | Promise<GridApi>): void {
  if (asked) {
    throw new MicrogridError(
      "bad-request",
      "The elements of this page have opened a grid already. Call shareGrid in the script that imports them.",
    );
  }
  openGrid = async () => open();
}

/**
 * The grid of this page, opened with the first call; it lives as long as the page. After a failure the next call
 * tries again. Throws `insecure-context` if the page was not opened over https or on localhost.
 */
export function sharedGrid(): Promise<GridApi> {
  opening ??= open().catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

async function open(): Promise<GridApi> {
  if (!isSecureContext) {
    throw new MicrogridError(
      "insecure-context",
      "This page was opened without encryption, where browsers switch off what a model needs. Open it over https.",
    );
  }
  // Elements in the page are there as soon as they are imported, before the importing script can call `shareGrid`.
  await new Promise((resolve) => void setTimeout(resolve));
  asked = true;
  return openGrid();
}
