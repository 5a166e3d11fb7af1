/** The static server of the built site: what any web host does, and the one file that says where signaling is. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { pipeline } from "node:stream";
import { chooseEncoding, compressed } from "./compression.mjs";
import { HEADER_POLICY } from "./csp.mjs";
import { contentType, isCompressible } from "./mime.mjs";
import { parseRange } from "./range.mjs";

/** The deploy-time file, as the page asks for it. */
const CONFIG_PATH = "/microgrid.config.json";
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
 * @param {boolean} [options.isolated] Sends the headers of cross-origin isolation; true by default.
 * @returns {(request: Request, response: Response) => void}
 */
export function siteHandler({ root, config, isolated = true }) {
  const folder = resolve(root);
  const headers = { ...SHARED_HEADERS, ...(isolated && ISOLATION_HEADERS) };
  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    answer(folder, config, request, response).catch(() => fail(response, 500, "The server could not read this file."));
  };
}

/**
 * @param {string} folder
 * @param {(() => object) | undefined} config
 * @param {Request} request
 * @param {Response} response
 */
async function answer(folder, config, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return fail(response, 405, "This server only answers GET and HEAD.");
  }
  const path = safePath(request.url ?? "/");
  if (path === undefined) return fail(response, 400, "This is not a path.");
  if (config && path === CONFIG_PATH) {
    response.writeHead(200, { "content-type": contentType(path), "cache-control": "no-cache" });
    response.end(request.method === "HEAD" ? undefined : JSON.stringify(config()));
    return;
  }
  const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isDirectory()) {
    response.writeHead(308, { location: `${path}/` });
    response.end();
    return;
  }
  if (!stats?.isFile() || !file.startsWith(folder + sep)) return fail(response, 404, "There is no such file here.");
  await send(file, { bytes: stats.size, modifiedMs: stats.mtimeMs, hashed: HASHED.test(path) }, request, response);
}

/**
 * @param {string} file
 * @param {{ bytes: number, modifiedMs: number, hashed: boolean }} about
 * @param {Request} request
 * @param {Response} response
 */
async function send(file, { bytes, modifiedMs, hashed }, request, response) {
  const type = contentType(file);
  const version = `${bytes.toString(36)}-${Math.trunc(modifiedMs).toString(36)}`;
  const range = parseRange(request.headers.range, bytes);
  const encoding = !range && isCompressible(type) ? chooseEncoding(request.headers["accept-encoding"]) : undefined;
  const body = encoding && (await compressed(file, { encoding, bytes, version }));
  const etag = body ? `"${version}-${encoding}"` : `"${version}"`;
  response.setHeader("content-type", type);
  response.setHeader("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
  response.setHeader("vary", "accept-encoding");
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("etag", etag);
  if (request.headers["if-none-match"]?.split(",").some((each) => each.trim().replace(/^W\//, "") === etag)) {
    response.writeHead(304).end();
    return;
  }
  if (range === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${bytes}` }).end();
    return;
  }
  if (body) {
    response.writeHead(200, { "content-encoding": encoding, "content-length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  if (range) response.setHeader("content-range", `bytes ${start}-${end}/${bytes}`);
  response.writeHead(range ? 206 : 200, { "content-length": end - start + 1 });
  if (request.method === "HEAD" || bytes === 0) response.end();
  else pipeline(createReadStream(file, { start, end }), response, () => response.destroy());
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
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}
