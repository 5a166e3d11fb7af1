/** Pages of other sites with the elements, for tests. */
import type { MicrogridElementEvents } from "../../src/embed";
import type { SitePage } from "../harness";

type EventName = keyof MicrogridElementEvents;
type Seen = {
  readonly [K in EventName]: { readonly type: K; readonly detail: MicrogridElementEvents[K]["detail"] };
}[EventName];

declare global {
  interface Window {
    /** Every event that reached the document, as plain data. */
    seen: Seen[];
  }
}

/** A page that embeds the script of `site`; `body` is inserted as it is. */
export function embeddingPage(site: string, body: string, head = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>Elsewhere</title>
    <script>
      window.seen = [];
      for (const name of ["ready", "progress", "token", "done", "error", "peer-change", "state"])
        document.addEventListener("microgrid-" + name, ({ type, detail }) =>
          seen.push({ type, detail: JSON.parse(JSON.stringify({ ...detail, grid: undefined })) }));
    </script>
    <script type="module" src="${site}embed/microgrid.js"></script>${head}</head><body>${body}</body></html>`;
}

/** The events of one type that reached the document, in order. */
export async function embedEvents<K extends EventName>(
  { page }: SitePage,
  type: K,
): Promise<MicrogridElementEvents[K]["detail"][]> {
  const seen = await page.evaluate(() => window.seen);
  return seen.filter((each) => each.type === type).map(({ detail }) => detail as MicrogridElementEvents[K]["detail"]);
}
