/** Connects pages of this folder in one room, for specs. */
import { expect, type OpenOptions, type SitePage } from "../harness";
import type { PipelinePage } from "./main";

declare global {
  interface Window {
    pipeline: PipelinePage;
  }
}

/** Opens a page for each of `options`, all in one room that the first has founded, and all linked to each other. */
export async function meet(
  openSite: (options?: OpenOptions) => Promise<SitePage>,
  signaling: { readonly port: number },
  options: readonly OpenOptions[],
): Promise<SitePage[]> {
  const pages: SitePage[] = [];
  for (const [index, each] of options.entries()) pages.push(await openSite({ name: `node-${index}`, ...each }));
  for (const { page } of pages) await page.waitForFunction(() => "pipeline" in window);
  const server = `http://127.0.0.1:${signaling.port}/microgrid`;
  const [first, ...others] = pages;
  const invite = await first!.page.evaluate((url) => window.pipeline.found(url), server);
  for (const { page } of others) await page.evaluate((url) => window.pipeline.join(url), invite);
  for (const { page } of pages) {
    await expect.poll(() => page.evaluate(() => window.pipeline.peers().length)).toBe(pages.length - 1);
  }
  return pages;
}

/** The did of a page. */
export function didOf({ page }: SitePage): Promise<string> {
  return page.evaluate(() => window.pipeline.did);
}
