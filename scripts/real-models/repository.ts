/** Makes ONNX repositories of SmolLM2-135M-Instruct as a model hub has them, each variant when it is first asked for. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../run/spawn.mjs";
import { GGUF_PATH, MODELS_FOLDER, sha256 } from "./download.mjs";
import { type Gguf, readGguf } from "./gguf";
import { llamaGraph, type Precision } from "./llama-graph";
import { settingsFiles } from "./settings";

/** Where weights are: in files beside the graph, or inside it. Each kind is a repository of its own. */
export type Layout = "external" | "inline";

/** One variant of the model, as files of a repository. */
export interface Variant {
  /** Folder of the repository. */
  readonly folder: string;
  /** Path of the graph in it. */
  readonly graph: string;
  /** Paths of the files with its weights, if they are not inside it. */
  readonly data: readonly string[];
  /** All paths that the variant needs. */
  readonly files: readonly string[];
}

/** File names of graphs, as hubs have them. */
const STEMS: Readonly<Record<Precision, string>> = { q4: "model_q4", int8: "model_int8", fp32: "model" };

export const PRECISIONS = ["q4", "int8", "fp32"] as const;
export const LAYOUTS = ["external", "inline"] as const;

/** The SHA-256 of each file that is made. */
export const HASHES_PATH = `${ROOT}/scripts/real-models/hashes.json`;

/** The GGUF file, which must be here. */
export function smolGguf(): Gguf {
  // Not as a Buffer, whose `slice` copies nothing.
  return readGguf(new Uint8Array(readFileSync(GGUF_PATH)));
}

/**
 * The files of a variant; makes those that are missing. `onFile` is called with each file that is made and its SHA-256;
 * by default, it throws if `hashes.json` expects another one.
 */
export async function variant(
  precision: Precision,
  layout: Layout,
  { onFile = expectHash }: { onFile?(file: string, hash: string): void } = {},
): Promise<Variant> {
  const folder = join(MODELS_FOLDER, layout);
  const graph = `onnx/${STEMS[precision]}.onnx`;
  const data = layout === "external" ? [`${graph}_data`] : [];
  // The graph comes last, so where it is, everything else is.
  if (!existsSync(join(folder, graph))) {
    mkdirSync(join(folder, "onnx"), { recursive: true });
    const gguf = smolGguf();
    const settings = settingsFiles(gguf);
    const { model, external } = llamaGraph(gguf, precision, data[0]?.slice("onnx/".length));
    const made: [string, string | Uint8Array][] = [
      ...settings,
      ...external.map(({ bytes }, index): [string, Uint8Array] => [data[index]!, bytes]),
      [graph, model],
    ];
    for (const [path, content] of made)
      await writeWhole(folder, path, content, (hash) => onFile(`${layout}/${path}`, hash));
  }
  const settings = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
  return { folder, graph, data, files: [graph, ...data, ...settings] };
}

/** Writes a file so that it is never there in part, and only with the content that is expected. */
async function writeWhole(
  folder: string,
  path: string,
  content: string | Uint8Array,
  check: (hash: string) => void,
): Promise<void> {
  const unfinished = join(folder, `${path}.${process.pid}`);
  writeFileSync(unfinished, content);
  check(await sha256(unfinished));
  renameSync(unfinished, join(folder, path));
}

function expectHash(file: string, hash: string): void {
  const hashes = JSON.parse(readFileSync(HASHES_PATH, "utf8")) as Readonly<Record<string, string>>;
  const expected = hashes[file];
  if (hash === expected) return;
  throw new Error(
    `${file} was made with the SHA-256 ${hash}, but scripts/real-models/hashes.json expects ${expected ?? "none"}. If the change is meant: npm run real:models -- --record.`,
  );
}
