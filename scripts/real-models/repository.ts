/** Makes ONNX repositories of real models as a model hub has them, each variant when it is first asked for. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../run/spawn.mjs";
import type { Precision, WriteGraph } from "./decoder-graph";
import { ggufPath, modelFolder, type RealModelId, sha256 } from "./download.mjs";
import { gemmaGraph } from "./gemma-graph";
import { gemmaSettings } from "./gemma-settings";
import { type Gguf, readGguf } from "./gguf";
import { llamaGraph } from "./llama-graph";
import { llamaSettings } from "./llama-settings";
import { SETTINGS_FILES, type WriteSettings } from "./settings";

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

/** How a model is written. */
interface Recipe {
  readonly graph: WriteGraph;
  readonly settings: WriteSettings;
  readonly variants: readonly (readonly [Precision, Layout])[];
}

const RECIPES: Readonly<Record<RealModelId, Recipe>> = {
  "smollm2-135m": {
    graph: llamaGraph,
    settings: llamaSettings,
    variants: [
      ["q8", "inline"],
      ...(["external", "inline"] as const).flatMap((layout) =>
        (["q4", "int8", "fp32"] as const).map((precision) => [precision, layout] as const),
      ),
    ],
  },
  // As 32-bit floats, it would have more than a gigabyte.
  "gemma3-270m": { graph: gemmaGraph, settings: gemmaSettings, variants: [["int8", "external"]] },
};

/** File names of graphs, as hubs have them. */
const STEMS: Readonly<Record<Precision, string>> = {
  q4: "model_q4",
  int8: "model_int8",
  fp32: "model",
  q8: "model_quantized",
};

/** The SHA-256 of each file that is made. */
export const HASHES_PATH = `${ROOT}/scripts/real-models/hashes.json`;

/** The variants of a model that are made. */
export function variantsOf(id: RealModelId): Recipe["variants"] {
  return RECIPES[id].variants;
}

/** The GGUF file of a model, which must be here. */
export function realGguf(id: RealModelId): Promise<Gguf> {
  // Not as a Buffer, whose `slice` copies nothing.
  return readGguf(new Uint8Array(readFileSync(ggufPath(id))));
}

/**
 * The files of a variant in `root`; makes them if one is missing, or is not what `hashes.json` lists. `onFile` is called with
 * each file that is made and its SHA-256; by default, it throws if another one is expected.
 */
export async function variant(
  id: RealModelId,
  precision: Precision,
  layout: Layout,
  { root = modelFolder(id), onFile = expectHash }: { root?: string; onFile?(file: string, hash: string): void } = {},
): Promise<Variant> {
  const folder = join(root, layout);
  const graph = `onnx/${STEMS[precision]}.onnx`;
  const data = layout === "external" ? [`${graph}_data`] : [];
  const files = [graph, ...data, ...SETTINGS_FILES];
  if (files.some((path) => stampOf(folder, path) !== expectedHash(`${id}/${layout}/${path}`))) {
    mkdirSync(join(folder, "onnx"), { recursive: true });
    const gguf = await realGguf(id);
    const { graph: write, settings } = RECIPES[id];
    const { model, external } = write(gguf, precision, data[0]?.slice("onnx/".length));
    const made: [string, string | Uint8Array][] = [
      ...settings(gguf),
      ...external.map(({ bytes }, index): [string, Uint8Array] => [data[index]!, bytes]),
      [graph, model],
    ];
    for (const [path, content] of made) {
      await writeWhole(folder, path, content, (hash) => onFile(`${id}/${layout}/${path}`, hash));
    }
  }
  return { folder, graph, data, files };
}

/** Writes a file so that it is never there in part, and only with the content that is expected; its hash lies beside it. */
async function writeWhole(
  folder: string,
  path: string,
  content: string | Uint8Array,
  check: (hash: string) => void,
): Promise<void> {
  const unfinished = join(folder, `${path}.${process.pid}`);
  writeFileSync(unfinished, content);
  const hash = await sha256(unfinished);
  check(hash);
  renameSync(unfinished, join(folder, path));
  writeFileSync(stampPath(folder, path), hash);
}

/** The hash of a file when it was made, so that files which an older version made are not taken for today's. */
function stampOf(folder: string, path: string): string | undefined {
  const made = [join(folder, path), stampPath(folder, path)].every((file) => existsSync(file));
  return made ? readFileSync(stampPath(folder, path), "utf8") : undefined;
}

const stampPath = (folder: string, path: string): string => join(folder, `${path}.sha256`);

function expectedHash(file: string): string {
  const hashes = JSON.parse(readFileSync(HASHES_PATH, "utf8")) as Readonly<Record<string, string>>;
  return hashes[file] ?? "none";
}

function expectHash(file: string, hash: string): void {
  const expected = expectedHash(file);
  if (hash === expected) return;
  throw new Error(
    `${file} was made with the SHA-256 ${hash}, but scripts/real-models/hashes.json expects ${expected}. If the change is meant: npm run real:models -- --record.`,
  );
}
