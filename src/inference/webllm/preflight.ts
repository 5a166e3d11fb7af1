/**
 * Checks a model before the library loads it. The library would fail too, but late, and with errors that do not tell
 * a wrong address from a lost connection. It also caches any response, even a web page.
 */
import * as v from "valibot";
import { MicrogridError } from "../../core";
import { type OnBytes, counted } from "../fetch-ahead";
import type { ModelPackage } from "../types";
import type { MlcConfig } from "./config";
import { halfFloatsMissing, noWebGpu } from "./errors";

/** The library's own caches. The checks store their files there, so that nothing is fetched twice. */
const CONFIG_CACHE = "webllm/config";
const LIBRARY_CACHE = "webllm/wasm";
const WEIGHTS_CACHE = "webllm/model";
const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d] as const;

/** A package of the `webllm` engine. */
export type WebLlmPackage = Extract<ModelPackage, { engine: "webllm" }>;

/** The files that the checks have read. */
interface Preflight<Config> {
  readonly config: Config;
  /** Texts of `tokenizer.json` and, where the model has it, `tokenizer_config.json`. */
  readonly tokenizer: string;
  readonly tokenizerConfig: string | undefined;
}

const packageManifest = v.object({
  chat_config: v.optional(v.string(), "mlc-chat-config.json"),
  weights: v.object({ manifest: v.string() }),
});
const tensorList = v.object({ records: v.array(v.object({ dataPath: v.string() })) });

/** Throws `no-webgpu` or `shader-f16-missing`; the latter suggests the model `variant`. */
export async function checkAdapter(pkg: WebLlmPackage, variant: string | undefined): Promise<void> {
  // Absent if the page is not secure or the browser is old, although the types say otherwise.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  if (!gpu) throw noWebGpu("the browser has no WebGPU");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw noWebGpu("no graphics adapter was found");
  const missing = pkg.requiredFeatures.find((feature) => !adapter.features.has(feature));
  if (missing === "shader-f16") throw halfFloatsMissing(pkg.name, variant);
  if (missing !== undefined) {
    throw new MicrogridError(
      "unsupported-model",
      `${pkg.name} needs the GPU feature ${missing}, which is missing here. Choose another model.`,
    );
  }
}

/**
 * Reads configuration, tokenizer and library. `parse` reads the configuration, of which it is given the address, too;
 * `onLibrary` is told how far the library is. Throws `not-a-model`, `file-missing`, `network`, `unsupported-model`.
 */
export async function readParts<Config extends MlcConfig>(
  pkg: WebLlmPackage,
  { signal, onLibrary, parse }: { signal: AbortSignal; onLibrary: OnBytes; parse: ParseConfig<Config> },
): Promise<Preflight<Config>> {
  const { chat_config, weights } = await readManifest(pkg, signal);
  const configUrl = new URL(chat_config, pkg.modelUrl).href;
  const config = await readConfig(configUrl, signal, parse);
  const [tokenizer, tokenizerConfig] = await Promise.all([
    text(WEIGHTS_CACHE, new URL("tokenizer.json", pkg.modelUrl).href, signal),
    optionalText(new URL("tokenizer_config.json", pkg.modelUrl).href, signal),
    checkLibrary(pkg, signal, onLibrary),
    checkShards(new URL(weights.manifest, pkg.modelUrl).href, 1, signal),
  ]);
  return { config, tokenizer, tokenizerConfig };
}

type ParseConfig<Config> = (text: string, url: string) => Config;

async function readConfig<Config>(url: string, signal: AbortSignal, parse: ParseConfig<Config>): Promise<Config> {
  const content = await text(CONFIG_CACHE, url, signal, "not-a-model");
  try {
    return parse(content, url);
  } catch (error) {
    await (await caches.open(CONFIG_CACHE)).delete(url);
    throw error;
  }
}

/** Why the weights could not be had: asks for every shard that is not cached. Undefined where all could be. */
export async function weightsObstacle(pkg: WebLlmPackage, signal: AbortSignal): Promise<unknown> {
  try {
    const { weights } = await readManifest(pkg, signal);
    await checkShards(new URL(weights.manifest, pkg.modelUrl).href, Number.POSITIVE_INFINITY, signal);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Asks for at most `count` of the shards that are not cached, without reading them. */
async function checkShards(listUrl: string, count: number, signal: AbortSignal): Promise<void> {
  const cache = await caches.open(WEIGHTS_CACHE);
  const list = v.safeParse(v.pipe(v.string(), v.parseJson(), tensorList), await text(WEIGHTS_CACHE, listUrl, signal));
  if (!list.success) {
    await cache.delete(listUrl);
    throw new MicrogridError(
      "not-a-model",
      `${listUrl} is not the list of a model's weights. Check the model's address.`,
    );
  }
  let asked = 0;
  for (const { dataPath } of list.output.records) {
    const url = new URL(dataPath, listUrl).href;
    if (await cache.match(url)) continue;
    await (await answered(url, signal)).body?.cancel();
    if (++asked >= count) return;
  }
}

/** Drops a library that turned out to be none, so that a mended one is fetched next time. */
export async function forgetLibrary(pkg: WebLlmPackage): Promise<void> {
  await (await caches.open(LIBRARY_CACHE)).delete(pkg.libraryUrl);
}

async function readManifest(pkg: WebLlmPackage, signal: AbortSignal): Promise<v.InferOutput<typeof packageManifest>> {
  if (pkg.manifest === undefined)
    return { chat_config: "mlc-chat-config.json", weights: { manifest: "tensor-cache.json" } };
  const url = new URL(pkg.manifest, pkg.modelUrl).href;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), packageManifest), await text(CONFIG_CACHE, url, signal));
  if (result.success) return result.output;
  throw new MicrogridError("not-a-model", `${url} is not the manifest of an MLC model (${result.issues[0].message}).`);
}

async function checkLibrary(pkg: WebLlmPackage, signal: AbortSignal, onBytes: OnBytes): Promise<void> {
  const response = await cached(LIBRARY_CACHE, pkg.libraryUrl, signal, { onBytes });
  const head = new Uint8Array(await response.arrayBuffer()).subarray(0, WASM_MAGIC.length);
  if (WASM_MAGIC.every((byte, index) => head[index] === byte)) return;
  await forgetLibrary(pkg);
  throw notALibrary(pkg);
}

/** The error for a file that is no compiled model, or one for another version of WebLLM. */
export function notALibrary(pkg: WebLlmPackage, cause?: unknown): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `${pkg.libraryUrl} is not a model library that this version of WebLLM can run. Check its address; it must be the .wasm file that was compiled for this model.`,
    { cause },
  );
}

async function text(cache: string, url: string, signal: AbortSignal, missing?: "not-a-model"): Promise<string> {
  return (await cached(cache, url, signal, missing && { missing })).text();
}

async function optionalText(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await text(WEIGHTS_CACHE, url, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** The file from the library's cache, put there first where it is not yet. */
async function cached(
  name: string,
  url: string,
  signal: AbortSignal,
  { missing, onBytes }: { readonly missing?: "not-a-model"; readonly onBytes?: OnBytes } = {},
): Promise<Response> {
  const cache = await caches.open(name);
  const found = await cache.match(url);
  if (found) return found;
  const answer = await answered(url, signal, missing);
  const response = onBytes ? new Response(counted(answer, undefined, onBytes)) : answer;
  await cache.put(url, response.clone());
  return response;
}

async function answered(
  url: string,
  signal: AbortSignal,
  missing: "not-a-model" | "file-missing" = "file-missing",
): Promise<Response> {
  const { host } = new URL(url);
  let response: Response;
  try {
    response = await fetch(url, { signal, referrerPolicy: "no-referrer" });
  } catch (cause) {
    signal.throwIfAborted();
    throw new MicrogridError(
      "network",
      `${url} could not be read: ${host} cannot be reached, or does not allow other sites to read its files (CORS). Check the address and the connection.`,
      { cause },
    );
  }
  // Static hosts answer with their start page where a file is missing.
  const page = (response.headers.get("Content-Type") ?? "").startsWith("text/html");
  if (response.status === 404 || response.status === 410 || page) {
    throw new MicrogridError(
      missing,
      `${host} does not have ${url}, which this model needs. Check the model's address.`,
    );
  }
  if (!response.ok) {
    throw new MicrogridError(
      "network",
      `${host} answered ${response.status} when asked for ${url}. Try again later, or use another host.`,
    );
  }
  return response;
}
