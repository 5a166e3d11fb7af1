/** Serves the bare page of the `onnx` engine with random models beside it, from memory. */
import { serveBarePage } from "../harness/bare-pages";
import { RANDOM_MODEL_CONFIG, randomModel, type RandomModelOptions } from "../../src/inference/testing";

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
  return {
    url: plain.url,
    isolatedUrl: isolated.url,
    addRandomModel(name, options) {
      const { model, external } = randomModel(options);
      const folder = `made/${name}`;
      const files = new Map<string, Uint8Array | string>([
        ["config.json", JSON.stringify(RANDOM_MODEL_CONFIG)],
        ["onnx/model.onnx", model],
        ...external.map((file) => [`onnx/${file.name}`, file.bytes] as const),
      ]);
      for (const [path, content] of files) made.set(`/${folder}/${path}`, content);
      const shared = ["tokenizer.json", "tokenizer_config.json"];
      for (const path of shared) made.set(`/${folder}/${path}`, `=models/guide/${path}`);
      return { folder, graph: "onnx/model.onnx", files: [...files.keys(), ...shared] };
    },
    async close() {
      await Promise.all([plain.close(), isolated.close()]);
    },
  };
}
