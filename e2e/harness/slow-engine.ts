/** Makes an engine as slow as on a weak device, so that there is time to interrupt an answer. */
import type { SitePage } from "./site-page";

/** Extra time for each batch of tokens. */
const MS_PER_BATCH = 8;

/**
 * Slows the page's engine worker down. Pass it to `openSite` as `prepare`. The embedded model gives its longest answer
 * in a quarter of a second, which is less time than a call from a test to a page may take.
 */
export async function slowEngine({ context }: Pick<SitePage, "context">): Promise<void> {
  await context.route("**/assets/gpu-*.js", async (route) => {
    const response = await route.fetch();
    const { "content-encoding": _, ...headers } = response.headers();
    // Imports run first, but no answer begins before this patch is in place.
    const body = `(${delayBatches.toString()})(${MS_PER_BATCH});\n${await response.text()}`;
    await route.fulfill({ status: response.status(), headers, body });
  });
}

/** Runs in the worker. The wait must block, because the next token would be computed meanwhile otherwise. */
function delayBatches(ms: number): void {
  const post = MessagePort.prototype.postMessage as (this: MessagePort, ...args: unknown[]) => void;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...args: unknown[]) {
    const until = (args[0] as { type?: string } | undefined)?.type === "items" ? performance.now() + ms : 0;
    while (performance.now() < until);
    post.apply(this, args);
  };
}
