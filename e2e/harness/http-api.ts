/** OpenAI's HTTP API as a program of the site's origin uses it. */
import type { OpenOptions, OpenSite } from "./fixtures";
import { gridReady } from "./grid";
import type { SitePage } from "./site-page";

/** A reply with its whole body. */
interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Opens the site, and waits until its worker controls the page. */
export async function controlledSite(openSite: OpenSite, options: OpenOptions = {}): Promise<SitePage> {
  const site = await openSite({ siteWorker: true, ...options });
  await gridReady(site);
  await site.page.evaluate(async () => {
    const { serviceWorker } = navigator;
    if (!serviceWorker.controller) {
      await new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    }
  });
  return site;
}

/** Posts a body below `v1/`. */
export function post({ page }: SitePage, path: string, body: object): Promise<Reply> {
  return page.evaluate(
    async ([url, json]) => {
      const reply = await fetch(url, { method: "POST", body: json });
      return { status: reply.status, type: reply.headers.get("content-type") ?? "", text: await reply.text() };
    },
    [`/v1/${path}`, JSON.stringify(body)] as const,
  );
}
