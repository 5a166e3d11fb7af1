/** Web servers on their own ports: the built site, and other people's sites that embed it. */
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { join, normalize } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { listen } from "../../scripts/serve/listen.mjs";
import { siteHandler, typeOf } from "../../scripts/serve/site.mjs";

/** The build under test; `MICROGRID_DIST` names the folder of another one. */
export const DIST = process.env.MICROGRID_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));

/** The deploy-time file of the site, `microgrid.config.json`. */
export interface SiteConfig {
  readonly signaling: readonly ({ readonly url: string } | { readonly port: number; readonly path: string })[];
  readonly iceServers: readonly { readonly urls: string; readonly username?: string; readonly credential?: string }[];
  /** `relay` allows only connections through TURN servers. */
  readonly iceTransportPolicy?: "all" | "relay";
  readonly hub: string;
}

/** A running web server. */
export interface WebServer {
  /** Its origin with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Where the site of a test also has the bare pages, as pages of other programs on the same origin. */
const BESIDE = "/e2e/";

/** A server of the site, which can go on with another build. */
export interface SiteServer extends WebServer {
  /** Serves this build from now on, as if it had been copied over the one before. */
  deploy(folder: string): void;
}

/**
 * Serves the built site. It reads the configuration at each request, so a test may change it. `beside` gives the folder of the
 * bare pages, when it is first asked for.
 */
export async function serveSite(config: () => SiteConfig, beside?: () => Promise<string>): Promise<SiteServer> {
  let site = siteHandler({ root: DIST, config });
  const server = await serve((request, response) => {
    if (!beside || !request.url?.startsWith(BESIDE)) return site(request, response);
    const path = new URL(request.url, "http://site").pathname.slice(BESIDE.length);
    void beside()
      .then((folder) => readFile(join(folder, normalize(path))))
      .then(
        (body) => response.writeHead(200, { "content-type": typeOf(path) }).end(body),
        () => response.writeHead(404).end(),
      );
  }, "localhost");
  return {
    ...server,
    deploy(folder) {
      site = siteHandler({ root: folder, config });
    },
  };
}

/**
 * Serves pages as another site would: on another origin and site (127.0.0.1), without isolation headers.
 * @param pages HTML by path, such as `{ "/": "<!doctype html>…" }`.
 */
export function serveForeign(pages: Readonly<Record<string, string>>): Promise<WebServer> {
  return serve((request, response) => {
    const path = new URL(request.url ?? "/", "http://foreign").pathname;
    // Browsers request an icon by themselves; a missing one must not count as a problem.
    const html = path === "/favicon.ico" ? "" : pages[path];
    response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(html);
  }, "127.0.0.1");
}

/** A file that is made while it is sent, since it may be larger than memory. */
interface MadeStream {
  readonly size: number;
  /** Its bytes, piece by piece. */
  read(): Iterable<Uint8Array>;
}

/** Files that a server makes up, by path. Text that begins with `=` is the path of the file to serve instead. */
export type MadeFiles = ReadonlyMap<string, Uint8Array | string | MadeStream>;

interface FolderOptions {
  /** The file that `/` serves. */
  readonly index: string;
  readonly made?: MadeFiles;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves a folder as it is: no compression, no policy, no isolation unless `headers` ask for it. */
export function serveFolder(folder: string, { index, made, headers = {} }: FolderOptions): Promise<WebServer> {
  const contentOf = async (path: string): Promise<Uint8Array | string | MadeStream> => {
    const own = made?.get(path);
    if (own === undefined) return readFile(join(folder, normalize(path)));
    return typeof own === "string" && own.startsWith("=") ? readFile(join(folder, normalize(own.slice(1)))) : own;
  };
  const handler: RequestListener = (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://folder");
    const path = pathname === "/" ? `/${index}` : decodeURIComponent(pathname);
    contentOf(path).then(
      (body) => {
        const all = { "content-type": typeOf(path), ...headers };
        if (typeof body === "string" || body instanceof Uint8Array) response.writeHead(200, all).end(body);
        else {
          response.writeHead(200, { "content-length": body.size, ...all });
          // A reader that goes away in the middle is no mistake.
          pipeline(Readable.from(body.read()), response).catch(() => undefined);
        }
      },
      () => response.writeHead(404).end(),
    );
  };
  return serve(handler, "127.0.0.1");
}

async function serve(handler: RequestListener, host: string): Promise<WebServer> {
  const { port, close } = await listen(createServer(handler), { host, port: 0, variable: "PORT" });
  return { url: `http://${host}:${port}/`, close };
}
