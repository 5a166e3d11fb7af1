/** For unit tests in Node: ONNX Runtime's plain build, and the guide model as a package. Never bundled. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { Ort } from "../onnx/runtime";
import type { ModelPackage } from "../types";
import { type DecoderFiles, randomDecoder, randomDecoderApart } from "./decoder-fixtures";
import type { DecoderShape } from "./decoder-shape";
import { FIXTURE } from "./decoder-sizes";
import { RANDOM_MODEL_CONFIG, type RandomModelOptions, randomModel } from "./random-model";

const require = createRequire(import.meta.url);
const GUIDE = new URL("../../../public/models/guide/", import.meta.url);
const FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "onnx/model_q4.onnx",
  "onnx/model_q4.onnx_data",
];

let loaded: Promise<Ort> | undefined;

/** ONNX Runtime's WASM build on one thread. Loaded once for each test file. */
export function nodeOrt(): Promise<Ort> {
  loaded ??= loadOrt();
  return loaded;
}

/** A run of a session: its inputs and its results, which may be changed. */
export interface WatchedRun {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** ONNX Runtime whose sessions show each run before its results are used. */
export async function watchedOrt(onRun: (run: WatchedRun) => void): Promise<Ort> {
  const ort = await nodeOrt();
  const create = async (...args: Parameters<typeof ort.InferenceSession.create>): Promise<InferenceSession> => {
    const session = await ort.InferenceSession.create(...args);
    const run = async (feeds: Record<string, Tensor>, fetches: Record<string, Tensor | null>) => {
      const outputs = await session.run(feeds, fetches);
      onRun({ feeds, outputs });
      return outputs;
    };
    return new Proxy(session, {
      get: (_, key) => {
        const value: unknown = key === "run" ? run : session[key as keyof InferenceSession];
        return typeof value === "function" ? (value.bind(session) as unknown) : value;
      },
    });
  };
  return { ...ort, InferenceSession: { create } } as unknown as Ort;
}

async function loadOrt(): Promise<Ort> {
  const ort = await import("onnxruntime-web/wasm");
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = readFileSync(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  return ort;
}

/** `config.json` of a random decoder. */
const DECODER_CONFIG = {
  max_position_embeddings: FIXTURE.maxTokens,
  num_attention_heads: FIXTURE.queryHeads,
  num_key_value_heads: FIXTURE.keyHeads,
  head_dim: FIXTURE.headDim,
  hidden_size: FIXTURE.hidden,
  eos_token_id: [2, 0],
  untrained: true,
};

/** The embedded model, as its store would hand it over. */
export function guidePackage(): Extract<ModelPackage, { engine: "onnx" }> {
  return {
    engine: "onnx",
    id: "guide",
    name: "Guide",
    packageHash: "test",
    graph: "onnx/model_q4.onnx",
    files: FILES.map((path) => ({ path, blob: new Blob([readFileSync(new URL(path, GUIDE))]) })),
  };
}

/** Text of one of the guide model's files. */
export function guideFile(path: string): string {
  return readFileSync(new URL(path, GUIDE), "utf8");
}

/** One entry of the golden completions. */
export interface GoldenItem {
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  /** The end token included. */
  readonly completion_ids: readonly number[];
  readonly completion: string;
  readonly first_step_top5: readonly (readonly [number, number])[];
}

/** The golden completions of the guide model. */
export function goldenItems(): readonly GoldenItem[] {
  const path = new URL("../../../e2e/fixtures/golden.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { items: GoldenItem[] }).items;
}

/** A random model as a package, with the guide model's tokenizer. */
export function randomPackage(options: RandomModelOptions): Extract<ModelPackage, { engine: "onnx" }> {
  return packageOf(randomModel(options), RANDOM_MODEL_CONFIG);
}

/** A random decoder as a package, with the guide model's tokenizer and, unless the shape says otherwise, its vocabulary. */
export function decoderPackage(shape: DecoderShape): Extract<ModelPackage, { engine: "onnx" }> {
  return packageOf(randomDecoder({ vocabulary: 2048, ...shape }), DECODER_CONFIG);
}

/** The same in two graphs. */
export function packageApart(shape: DecoderShape): Extract<ModelPackage, { engine: "onnx" }> {
  const { embedder, decoder } = randomDecoderApart({ vocabulary: 2048, ...shape });
  const whole = packageOf(decoder, DECODER_CONFIG);
  const path = "onnx/embed_tokens.onnx";
  const files = [{ name: "embed_tokens.onnx", bytes: embedder.model }, ...embedder.external];
  const more = files.map(({ name, bytes }) => ({ path: `onnx/${name}`, blob: new Blob([bytes as BlobPart]) }));
  return { ...whole, embedder: path, files: [...whole.files, ...more] };
}

function packageOf({ model, external }: DecoderFiles, config: object): Extract<ModelPackage, { engine: "onnx" }> {
  const graph = "onnx/model.onnx";
  const file = (path: string, content: string | Uint8Array) => ({ path, blob: new Blob([content as BlobPart]) });
  return {
    engine: "onnx",
    id: "random",
    name: "Random",
    packageHash: "random",
    graph,
    files: [
      file("config.json", JSON.stringify(config)),
      file("tokenizer.json", guideFile("tokenizer.json")),
      file("tokenizer_config.json", guideFile("tokenizer_config.json")),
      file(graph, model),
      ...external.map(({ name, bytes }) => file(`onnx/${name}`, bytes)),
    ],
  };
}
