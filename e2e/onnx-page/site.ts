/** Serves the bare page of the `onnx` engine with random models beside it, from memory. */
import { serveBarePage } from "../harness/bare-pages";
import { readFileSync } from "node:fs";
import {
  type DecoderShape,
  RANDOM_MODEL_CONFIG,
  randomDecoder,
  randomModel,
  type RandomModelOptions,
} from "../../src/inference/testing";

/** A model under `folder` on the site, as the page's `load` takes it. */
export interface SiteModel {
  readonly folder: string;
  readonly graph: string;
  readonly files: readonly string[];
}

/** The guide model, which the site serves under `models/guide`. */
export const GUIDE: SiteModel = {
  folder: "models/guide",
  graph: "onnx/model_q4.onnx",
  files: [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "onnx/model_q4.onnx",
    "onnx/model_q4.onnx_data",
  ],
};

export interface OnnxSite {
  readonly url: string;
  /** The same site with isolation headers, where WASM may use threads. */
  readonly isolatedUrl: string;
  /** Serves a random model and returns its address. */
  addRandomModel(name: string, options: RandomModelOptions): SiteModel;
  /** Serves a random decoder of the shape of a usual export and returns its address. */
  addDecoder(name: string, shape: DecoderShape): SiteModel;
  /** Serves a GGUF file, or its parts by their names. */
  addGguf(name: string, parts: Readonly<Record<string, Uint8Array>>): SiteModel;
  close(): Promise<void>;
}

/** Starts the site on free ports of 127.0.0.1. */
export async function startOnnxSite(): Promise<OnnxSite> {
  const made = new Map<string, Uint8Array | string>([["/blank.html", "<!doctype html><title>Blank</title>"]]);
  const plain = await serveBarePage("onnx-page", { made, headers: { "access-control-allow-origin": "*" } });
  const isolated = await serveBarePage("onnx-page", {
    made,
    headers: { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
  });
  const add = (
    name: string,
    { model, external }: ReturnType<typeof randomModel>,
    settings: Readonly<Record<string, string>>,
  ): SiteModel => {
    const folder = `made/${name}`;
    const files = new Map<string, Uint8Array | string>([
      ...Object.entries({ "tokenizer_config.json": "=models/guide/tokenizer_config.json", ...settings }),
      ["onnx/model.onnx", model],
      ...external.map((file) => [`onnx/${file.name}`, file.bytes] as const),
    ]);
    for (const [path, content] of files) made.set(`/${folder}/${path}`, content);
    return { folder, graph: "onnx/model.onnx", files: [...files.keys()] };
  };
  return {
    url: plain.url,
    isolatedUrl: isolated.url,
    addRandomModel: (name, options) =>
      add(name, randomModel(options), {
        "config.json": JSON.stringify(RANDOM_MODEL_CONFIG),
        "tokenizer.json": "=models/guide/tokenizer.json",
      }),
    addDecoder: (name, shape) =>
      add(name, randomDecoder(shape), {
        "config.json": JSON.stringify({ ...RANDOM_MODEL_CONFIG, max_position_embeddings: 128 }),
        "tokenizer.json": smallTokenizer(),
      }),
    addGguf(name, parts) {
      const folder = `made/${name}`;
      for (const [path, content] of Object.entries(parts)) made.set(`/${folder}/${path}`, content);
      const files = Object.keys(parts);
      return { folder, graph: files[0]!, files };
    },
    async close() {
      await Promise.all([plain.close(), isolated.close()]);
    },
  };
}

/** The guide's tokenizer with only as many tokens as random decoders know: bytes, and some pairs. */
function smallTokenizer(): string {
  const tokens = 320;
  const file = new URL("../../public/models/guide/tokenizer.json", import.meta.url);
  const tokenizer = JSON.parse(readFileSync(file, "utf8")) as {
    model: { vocab: Record<string, number>; merges: string[] };
  };
  const { vocab, merges } = tokenizer.model;
  const known = Object.entries(vocab).filter(([, id]) => id < tokens);
  const words = new Set(known.map(([word]) => word));
  const model = {
    ...tokenizer.model,
    vocab: Object.fromEntries(known),
    merges: merges.filter((merge) => words.has(merge.replace(" ", ""))),
  };
  return JSON.stringify({ ...tokenizer, model });
}
