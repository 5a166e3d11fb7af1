/** The site that the script came from, and the one grid that all elements of a page share. */
import { MicrogridError } from "../core";
import type { GridApi } from "../grid";

let site: string | undefined;
let opening: Promise<GridApi> | undefined;

/** Sets where models and `microgrid.config.json` are: the URL of a folder, with a slash at its end. */
export function setSite(url: string): void {
  site = url;
}

/** The URL of the site that the script came from; undefined if it is not known. */
export function siteUrl(): string | undefined {
  return site;
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
  const { Grid } = await import("../grid");
  return Grid.open(site === undefined ? {} : { baseUrl: site });
}
