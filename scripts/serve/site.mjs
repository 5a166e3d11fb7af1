/** The static server of the built site: what any web host does, and the one file that says where signaling is. */
import { extname, join, resolve } from "node:path";
import { contentType } from "mime-types";
import send from "send";
import { chooseEncoding, COPIES, compressedCopy } from "./compression.mjs";
import { HEADER_POLICY } from "./csp.mjs";

/** The deploy-time file, as the page asks for it. */
const CONFIG_PATH = "/microgrid.config.json";
/** An invite of which a chat program has encoded the `#`, so that all of it arrives as a path. */
const INVITE_PATH = /^\/+(.*?\/?)(#\/join\/[\w-]*)/;
/** Types that compression makes smaller; weights and images are dense already. */
const COMPRESSIBLE = /^(text\/|application\/(json|wasm|manifest)|image\/svg)/;
/** Names of hashed files: their content never changes, so browsers may keep them. */
const HASHED = /\/assets\/[^/]+-[\w-]{8,}\.\w+$/;

/** Anyone may embed `/embed/` and read what it loads; there is nothing private on a static site. */
const SHARED_HEADERS = {
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  // Of a script it says nothing where a page runs it: a site that embeds it has a policy of its own.
  "content-security-policy": HEADER_POLICY,
};

/** Headers that describe a file, so a refusal must not have them. */
const OF_FILES = ["cache-control", "content-encoding", "content-length", "etag", "last-modified"];

/**
 * Cross-origin isolation, which gives WebAssembly threads. `credentialless` leaves model hosts reachable
 * without headers of their own. A site works without these, on one thread.
 */
const ISOLATION_HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "credentialless",
};

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */

/**
 * @param {object} options
 * @param {string} options.root The folder to serve.
 * @param {(() => object) | undefined} [options.config] The deploy-time file, asked for at each request; the file
 *   in `root` where absent.
 * @param {string} [options.copies] The folder of compressed copies.
 * @param {boolean} [options.isolated] Sends the headers of cross-origin isolation; true by default.
 * @returns {(request: Request, response: Response) => void}
 */
export function siteHandler({ root, config, copies = COPIES, isolated = true }) {
  const folder = resolve(root);
  const headers = { ...SHARED_HEADERS, ...(isolated && ISOLATION_HEADERS) };
  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answer({ folder, config, copies }, request, response).catch(() =>
      fail(response, 500, "The server could not read this file."),
    );
  };
}

/**
 * @param {{ folder: string, config: (() => object) | undefined, copies: string }} site
 * @param {Request} request
 * @param {Response} response
 */
async function answer({ folder, config, copies }, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return fail(response, 405, "This server only answers GET and HEAD.");
  }
  const path = safePath(request.url ?? "/");
  if (path === undefined) return fail(response, 400, "This is not a path.");
  if (config && path === CONFIG_PATH) {
    response.writeHead(200, { "content-type": typeOf(path), "cache-control": "no-cache" });
    response.end(request.method === "HEAD" ? undefined : JSON.stringify(config()));
    return;
  }
  const invite = INVITE_PATH.exec(path);
  if (invite) {
    response.writeHead(302, { location: `${encodeURI(`/${invite[1]}`)}${invite[2]}`, "cache-control": "no-store" });
    response.end();
    return;
  }
  const { range, "accept-encoding": accepted } = request.headers;
  const file = path.endsWith("/") ? `${path}index.html` : path;
  const type = typeOf(file);
  const encoding = !range && COMPRESSIBLE.test(type) ? chooseEncoding(accepted) : undefined;
  const copy = encoding && (await compressedCopy(join(folder, file), encoding, copies));
  send(request, encodeURI(copy ?? path), { root: copy ? copies : folder, dotfiles: "allow", cacheControl: false })
    .on("headers", () => {
      response.setHeader("content-type", type);
      if (copy) response.setHeader("content-encoding", encoding);
      response.setHeader("cache-control", HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache");
      response.setHeader("vary", "accept-encoding");
    })
    .on("error", (/** @type {{ status: number, headers?: Record<string, string> }} */ { status, headers }) => {
      if (status === 416) response.writeHead(416, headers).end();
      else
        fail(response, status, status === 404 ? "There is no such file here." : "The server could not read this file.");
    })
    .pipe(response);
}

/**
 * The content type by the path's ending; bytes where it is unknown.
 * @param {string} path
 */
export function typeOf(path) {
  return contentType(extname(path)) || "application/octet-stream";
}

/**
 * The decoded path of a URL, or undefined where it is malformed or tries to leave the folder.
 * @param {string} url
 */
export function safePath(url) {
  try {
    const path = decodeURIComponent(url.replace(/[?#].*$/s, ""));
    const leaves = path.split(/[/\\]/).some((part) => part === "..");
    return path.startsWith("/") && !leaves && !path.includes("\0") ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {Response} response
 * @param {number} status
 * @param {string} sentence
 */
function fail(response, status, sentence) {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of OF_FILES) response.removeHeader(name);
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}
