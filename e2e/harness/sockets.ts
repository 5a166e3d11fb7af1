/** Records the messages of a page to signaling servers, and the servers to which it is connected. */
import type { WebSocket } from "@playwright/test";
import type { SitePage } from "./site-page";

/** Listens to a page's connections to signaling. Create it in `prepare`, before the page loads anything. */
export class SignalingLines {
  /** Everything that the page has sent, as text. */
  readonly sent: string[] = [];
  readonly #open = new Set<WebSocket>();

  constructor({ page }: Pick<SitePage, "page">) {
    page.on("websocket", (socket) => {
      if (!new URL(socket.url()).searchParams.has("id")) return;
      socket.on("framesent", ({ payload }) => this.sent.push(String(payload)));
      // A refused socket opens and closes without this message, while another one to the same server may stay open.
      socket.on("framereceived", ({ payload }) => {
        if (String(payload).includes('"OPEN"')) this.#open.add(socket);
      });
      socket.on("close", () => this.#open.delete(socket));
    });
  }

  /** Ports of the servers to which the page is connected now. */
  get servers(): ReadonlySet<number> {
    return new Set([...this.#open].map((socket) => Number(new URL(socket.url()).port)));
  }
}
