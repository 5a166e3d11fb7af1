/** How many processor cores the page's engines believe in. */
import type { Page } from "@playwright/test";

/**
 * Lets the page's engine worker see `count` cores: engines use half of them, so a machine with two would never use threads. The
 * browser's own setting for this changes the page only. Call it before the page goes anywhere.
 */
export async function pretendCores(page: Page, count: number): Promise<void> {
  await page.route(/\/gpu-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const cores = `Object.defineProperty(navigator, "hardwareConcurrency", { value: ${count} });`;
    await route.fulfill({ response, body: `${cores}\n${await response.text()}` });
  });
}
