/** The files of transformers.js for bare pages, if it is installed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/run/spawn.mjs";

/** Folder of the library on the site, as the page with other runtimes takes it. */
export const TRANSFORMERS_FOLDER = "made/library/";
/** How to get it, for people. */
export const TRANSFORMERS_HINT =
  "transformers.js is not here, so its figures are left out: npm run real:goldens installs it.";

const INSTALLED = join(ROOT, "scripts", "real-models", "references", "node_modules");
const PLACES = [join(INSTALLED, "@huggingface/transformers/dist"), join(INSTALLED, "onnxruntime-web/dist")];
const FILES = ["transformers.min.js", "ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"];

/** The files, by their paths on the site. */
export function transformersFiles(): ReadonlyMap<string, Uint8Array> {
  const found = FILES.flatMap((name): [string, Uint8Array][] => {
    const place = PLACES.map((each) => join(each, name)).find((path) => existsSync(path));
    return place === undefined ? [] : [[`/${TRANSFORMERS_FOLDER}${name}`, readFileSync(place)]];
  });
  return new Map(found);
}

/** Whether it is among the files of a site. */
export function hasTransformers(files: ReadonlyMap<string, unknown>): boolean {
  return files.has(`/${TRANSFORMERS_FOLDER}${FILES[0]}`);
}
