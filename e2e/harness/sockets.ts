/** Records the messages of a page to signaling servers, and the servers to which it is connected. */
import type { SitePage } from "./site-page";

/** Listens to a page's connections to signaling. Create it in `prepare`, before the page loads anything. */
export class SignalingLines {
  /** Everything that the page has sent, as text. */
  readonly sent: string[] = [];
  readonly #open: string[] = [];

  constructor({ page }: Pick<SitePage, "page">) {
    page.on("websocket", (socket) => {
      const url = new URL(socket.url());
      if (!url.searchParams.has("id")) return;
      socket.on("framesent", ({ payload }) => this.sent.push(String(payload)));
      // A refused socket opens and closes without a message.
      socket.on("framereceived", ({ payload }) => {
        if (String(payload).includes('"OPEN"')) this.#open.push(url.port);
      });
      socket.on("close", () => {
        const at = this.#open.indexOf(url.port);
        if (at >= 0) this.#open.splice(at, 1);
      });
    });
  }

  /** Ports of the servers to which the page is connected now. */
  get servers(): ReadonlySet<number> {
    return new Set(this.#open.map(Number));
  }
}
