/** Web servers on ports of their own: the built site, and other people's sites that embed it. */
import { createServer, type RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { listen } from "../../scripts/serve/listen.mjs";
import { siteHandler } from "../../scripts/serve/site.mjs";

/** The build under test; another one where `MICROGRID_DIST` names its folder. */
const DIST = process.env.MICROGRID_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));

/** What the site is served with: the deploy-time file `microgrid.config.json`. */
export interface SiteConfig {
  readonly signaling: readonly ({ readonly url: string } | { readonly port: number; readonly path: string })[];
  readonly iceServers: readonly { readonly urls: string; readonly username?: string; readonly credential?: string }[];
  /** `relay` lets pages meet through TURN servers only. */
  readonly iceTransportPolicy?: "all" | "relay";
  readonly hub: string;
}

/** A running web server. */
export interface WebServer {
  /** Its origin with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the built site; the configuration is asked for at each request, so a test may change it. */
export function serveSite(config: () => SiteConfig): Promise<WebServer> {
  return serve(siteHandler({ root: DIST, config }), "localhost");
}

/**
 * Serves pages as another site would: on another origin and site (127.0.0.1), without isolation headers.
 * @param pages HTML by path, such as `{ "/": "<!doctype html>…" }`.
 */
export function serveForeign(pages: Readonly<Record<string, string>>): Promise<WebServer> {
  return serve((request, response) => {
    const path = new URL(request.url ?? "/", "http://foreign").pathname;
    // Browsers ask for an icon by themselves; that it is missing is nobody's problem.
    const html = path === "/favicon.ico" ? "" : pages[path];
    response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(html);
  }, "127.0.0.1");
}

async function serve(handler: RequestListener, host: string): Promise<WebServer> {
  const { port, close } = await listen(createServer(handler), { host, port: 0, variable: "PORT" });
  return { url: `http://${host}:${port}/`, close };
}
