/** What a page says to signaling servers, and at which of them it is. */
import type { SitePage } from "./site-page";

/** Listens to a page's lines to signaling; to be made in `prepare`, before the page goes anywhere. */
export class SignalingLines {
  /** Everything that the page has sent, as text. */
  readonly sent: string[] = [];
  readonly #open: string[] = [];

  constructor({ page }: Pick<SitePage, "page">) {
    page.on("websocket", (socket) => {
      const url = new URL(socket.url());
      if (!url.searchParams.has("id")) return;
      socket.on("framesent", ({ payload }) => this.sent.push(String(payload)));
      // One that is refused opens and closes without a word.
      socket.on("framereceived", ({ payload }) => {
        if (String(payload).includes('"OPEN"')) this.#open.push(url.port);
      });
      socket.on("close", () => {
        const at = this.#open.indexOf(url.port);
        if (at >= 0) this.#open.splice(at, 1);
      });
    });
  }

  /** Ports of the servers at which the page is present now. */
  get servers(): ReadonlySet<number> {
    return new Set(this.#open.map(Number));
  }
}
