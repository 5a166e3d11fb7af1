/** Compressed copies of files, made once and kept in `.cache/compressed`, which a new build empties. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import { ROOT } from "../run/spawn.mjs";

/** The folder of the copies of the built site. */
export const COPIES = join(ROOT, ".cache", "compressed");
/** Up to this size a request waits for compression; larger files are sent as they are until theirs is done. */
const WAIT_MAX_BYTES = 1024 * 1024;

const COMPRESSORS = {
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: () => createGzip(),
};
/** @typedef {keyof typeof COMPRESSORS} Encoding */

/** @type {Map<string, Promise<boolean>>} Copies that are being made, by path. */
const making = new Map();

/**
 * The better encoding that the client takes.
 * @param {string | undefined} accepted The `accept-encoding` header.
 * @returns {Encoding | undefined}
 */
export function chooseEncoding(accepted = "") {
  const refused = /;\s*q=0(\.0*)?\s*$/;
  const names = accepted.split(",").filter((part) => !refused.test(part));
  if (names.some((part) => /^\s*br\b/.test(part))) return "br";
  return names.some((part) => /^\s*gzip\b/.test(part)) ? "gzip" : undefined;
}

/**
 * The name of a file's copy in `folder`, or undefined if there is no such file, or if it is large and its copy is not
 * ready yet.
 * @param {string} file
 * @param {Encoding} encoding
 * @param {string} folder
 */
export async function compressedCopy(file, encoding, folder) {
  const stats = await stat(file).catch(() => undefined);
  if (!stats?.isFile()) return undefined;
  const version = `${file} ${stats.size} ${stats.mtimeMs}`;
  const name = `${createHash("sha256").update(version).digest("hex")}.${encoding}`;
  const path = join(folder, name);
  if (existsSync(path)) return name;
  const work = making.get(path) ?? compress(file, path, encoding).finally(() => making.delete(path));
  making.set(path, work);
  return stats.size <= WAIT_MAX_BYTES && (await work) ? name : undefined;
}

/**
 * @param {string} file
 * @param {string} copy
 * @param {Encoding} encoding
 * @returns {Promise<boolean>} false if the copy cannot be written
 */
async function compress(file, copy, encoding) {
  // Other processes may serve the same file: nobody may see half a copy.
  const unfinished = `${copy}.${process.pid}`;
  try {
    await mkdir(dirname(copy), { recursive: true });
    await pipeline(createReadStream(file), COMPRESSORS[encoding](), createWriteStream(unfinished));
    await rename(unfinished, copy);
    return true;
  } catch {
    return false;
  }
}
