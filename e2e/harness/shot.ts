/** Screenshots for people to look at, in `screenshots/`. */
import type { Page } from "@playwright/test";
import { fileURLToPath } from "node:url";
import type { SitePage } from "./site-page";

const FOLDER = fileURLToPath(new URL("../../screenshots/", import.meta.url));

/** Saves a picture of the page as `screenshots/<name>.png`, of the whole page on request. */
export async function shot(page: Page | SitePage, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  const target = "page" in page ? page.page : page;
  await target.screenshot({
    path: `${FOLDER}${name}.png`,
    animations: "disabled",
    fullPage: options.fullPage ?? false,
  });
}
