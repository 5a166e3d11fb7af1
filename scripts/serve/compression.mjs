/** Compressed copies of files, made once and kept in memory. */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** @typedef {"br" | "gzip"} Encoding */

/** Up to this size a request waits for compression; larger files are sent as they are until theirs is done. */
const WAIT_MAX_BYTES = 1024 * 1024;
/** Compressed copies that are kept; beyond, the oldest is dropped. Twice what a site has. */
const KEEP_MAX_FILES = 256;

const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/** @type {Map<string, Promise<Buffer> & { done?: Buffer }>} */
const copies = new Map();

/**
 * The better encoding that the client takes.
 * @param {string | undefined} accepted The `accept-encoding` header.
 * @returns {Encoding | undefined}
 */
export function chooseEncoding(accepted = "") {
  const refused = /(br|gzip)\s*;\s*q=0(\.0*)?\s*(,|$)/;
  const names = accepted.split(",").filter((part) => !refused.test(part));
  if (names.some((part) => /^\s*br\b/.test(part))) return "br";
  return names.some((part) => /^\s*gzip\b/.test(part)) ? "gzip" : undefined;
}

/**
 * The compressed content of a file, or undefined where it is large and not ready yet.
 * @param {string} path
 * @param {{ encoding: Encoding, bytes: number, version: string }} options `version` changes with the content.
 * @returns {Promise<Buffer | undefined>}
 */
export async function compressed(path, { encoding, bytes, version }) {
  const key = `${encoding} ${version} ${path}`;
  const copy = copies.get(key) ?? start(key, path, encoding);
  return bytes <= WAIT_MAX_BYTES ? copy : copy.done;
}

/**
 * @param {string} key
 * @param {string} path
 * @param {Encoding} encoding
 */
function start(key, path, encoding) {
  /** @type {Promise<Buffer> & { done?: Buffer }} */
  const copy = readFile(path).then((content) =>
    encoding === "br"
      ? brotli(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
      : deflate(content, { level: 6 }),
  );
  copies.set(key, copy);
  copy.then(
    (content) => (copy.done = content),
    () => copies.delete(key),
  );
  const oldest = copies.keys().next();
  if (copies.size > KEEP_MAX_FILES && !oldest.done) copies.delete(oldest.value);
  return copy;
}
