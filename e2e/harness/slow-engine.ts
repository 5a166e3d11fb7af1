/** An engine as slow as on a weak device, so that there is time to interrupt an answer in its middle. */
import type { SitePage } from "./site-page";

/** Time that each batch of tokens takes longer. */
const MS_PER_BATCH = 8;

/**
 * Slows the page's engine worker down; to be given to `openSite` as `prepare`. The embedded model gives its longest answer
 * in a quarter of a second, which is less than the way from a test to a page may take.
 */
export async function slowEngine({ context }: Pick<SitePage, "context">): Promise<void> {
  await context.route("**/assets/gpu-*.js", async (route) => {
    const response = await route.fetch();
    const { "content-encoding": _, ...headers } = response.headers();
    // Imports are run first, but no answer begins before this patch is there.
    const body = `(${delayBatches.toString()})(${MS_PER_BATCH});\n${await response.text()}`;
    await route.fulfill({ status: response.status(), headers, body });
  });
}

/** Runs in the worker, which must wait without giving way: else the next token would be computed meanwhile. */
function delayBatches(ms: number): void {
  const post = MessagePort.prototype.postMessage as (this: MessagePort, ...args: unknown[]) => void;
  MessagePort.prototype.postMessage = function (this: MessagePort, ...args: unknown[]) {
    const until = (args[0] as { type?: string } | undefined)?.type === "items" ? performance.now() + ms : 0;
    while (performance.now() < until);
    post.apply(this, args);
  };
}
