/** The TLS certificate of `npm start -- --https`: made here, for this machine's names, kept until it runs out. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { generate } from "selfsigned";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Browsers refuse certificates that live longer than 398 days. */
const VALID_DAYS = 365;
/** A certificate this close to its end is made again. */
const RENEW_DAYS = 7;

/**
 * @typedef {object} Certificate
 * @property {string} key PEM.
 * @property {string} cert PEM.
 * @property {string[]} names Host names and IP addresses that it is for.
 * @property {number} notAfterMs Unix time.
 */

/**
 * The certificate in `path`, or a new one that is then kept there.
 * @param {string} path
 * @param {readonly string[]} addresses IP addresses it must be for, besides the loopback.
 * @returns {Promise<Certificate>}
 */
export async function certificate(path, addresses) {
  const names = ["localhost", "127.0.0.1", "::1", ...addresses];
  const kept = read(path);
  if (kept && isUsable(kept, names, Date.now())) return kept;
  const notAfterMs = Date.now() + VALID_DAYS * DAY_MS;
  const { private: key, cert } = await generate([{ name: "commonName", value: "Microgrid on this machine" }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate: new Date(notAfterMs),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: names.map(altName) },
    ],
  });
  const made = { key, cert, names, notAfterMs };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/**
 * @param {Certificate} kept
 * @param {readonly string[]} names
 * @param {number} nowMs
 */
export function isUsable(kept, names, nowMs) {
  return kept.notAfterMs - nowMs > RENEW_DAYS * DAY_MS && names.every((name) => kept.names.includes(name));
}

/**
 * @param {string} name
 * @returns {{ type: 2, value: string } | { type: 7, ip: string }}
 */
function altName(name) {
  return /^[\d.]+$|:/.test(name) ? { type: 7, ip: name } : { type: 2, value: name };
}

/**
 * @param {string} path
 * @returns {Certificate | undefined}
 */
function read(path) {
  try {
    return /** @type {Certificate} */ (JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined; // none yet
  }
}
