/** Builds the bare page and serves it with random models beside it, from memory and a temporary folder. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { RANDOM_MODEL_CONFIG, randomModel, type RandomModelOptions } from "../../src/inference/testing";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

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
  /** Serves a random model and says where. */
  addRandomModel(name: string, options: RandomModelOptions): SiteModel;
  close(): Promise<void>;
}

/** Builds and starts the site on free ports of 127.0.0.1. */
export async function startOnnxSite(): Promise<OnnxSite> {
  const outDir = await mkdtemp(join(tmpdir(), "microgrid-onnx-"));
  await build({
    configFile: false,
    root: join(ROOT, "e2e/onnx-page"),
    publicDir: join(ROOT, "public"),
    base: "./",
    logLevel: "error",
    worker: { format: "es" },
    build: { target: "es2022", assetsInlineLimit: 0, outDir, emptyOutDir: true, reportCompressedSize: false },
  });
  const made = new Map<string, Uint8Array | string>([["/blank.html", "<!doctype html><title>Blank</title>"]]);
  const plain = await serve(outDir, made, { "access-control-allow-origin": "*" });
  const isolated = await serve(outDir, made, {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
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
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

/** A static server. A made file that begins with `=` stands for another file of the site. */
async function serve(folder: string, made: ReadonlyMap<string, Uint8Array | string>, headers: Record<string, string>) {
  const server = createServer((request, response) => {
    void (async () => {
      const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
      const own = made.get(path);
      const alias = typeof own === "string" && own.startsWith("=") ? `/${own.slice(1)}` : path;
      const file = join(folder, normalize(alias === "/" ? "/index.html" : alias));
      try {
        const body = own !== undefined && alias === path ? own : await readFile(file);
        response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", ...headers });
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
