/** Asks the hosts of models which files there are, and knows the addresses of these files. */
import * as v from "valibot";
import { isAbort, MicrogridError } from "../core";
import type { FilesOrigin, WebLlmOrigin } from "./entry";
import { externalDataFiles, graphNames } from "./onnx-files";
import type { ListedFile, ModelFacts } from "./records";
import { readJson, request } from "./web";

const hubListing = v.object({
  siblings: v.array(
    v.object({
      rfilename: v.string(),
      size: v.optional(v.nullable(v.number())),
      lfs: v.optional(v.nullable(v.object({ sha256: v.optional(v.string()), size: v.optional(v.number()) }))),
    }),
  ),
});

/** The part of a decoder's `config.json` that matters before it is downloaded. */
const modelConfig = v.object({
  model_type: v.string(),
  max_position_embeddings: v.optional(v.number()),
  text_config: v.optional(v.object({ max_position_embeddings: v.optional(v.number()) })),
  "transformers.js_config": v.optional(v.object({ use_external_data_format: v.optional(v.unknown()) })),
});

/** The part of an MLC model's `mlc-chat-config.json` that says what it is. */
const mlcConfig = v.object({
  context_window_size: v.optional(v.number()),
  tokenizer_files: v.array(v.string()),
  conv_template: v.looseObject({}),
});

const tensorCache = v.object({ records: v.array(v.object({ dataPath: v.string(), nbytes: v.number() })) });

const SIDE_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "generation_config.json",
  "chat_template.jinja",
  "special_tokens_map.json",
];

/** The hub with its repositories, and its mirrors, which use the same paths. */
export class ModelHosts {
  readonly #hubs: readonly string[];

  constructor(hub: string, mirrors: readonly string[]) {
    this.#hubs = [hub, ...mirrors].map((base) => base.replace(/\/+$/, ""));
  }

  /** Addresses of a file, in the order in which they should be tried. */
  urls(origin: FilesOrigin, path: string): string[] {
    const escaped = path.split("/").map(encodeURIComponent).join("/");
    switch (origin.kind) {
      case "embedded":
        return [new URL(escaped, origin.folder).href];
      case "folder":
        return [new URL(escaped, origin.url).href];
      case "hub":
        return this.#hubs.map((hub) => `${hub}/${origin.repository}/resolve/main/${escaped}`);
      case "webllm":
        return [new URL(escaped, this.weightsUrl(origin.modelUrl)).href];
      case "files":
        return [];
    }
  }

  /**
   * The folder of an MLC model's files, by the WebLLM library's rule: an address without `/resolve/` is a repository.
   * Repositories on the usual hub are read from the configured hub.
   */
  weightsUrl(modelUrl: string): string {
    const base = modelUrl.replace(/^https:\/\/huggingface\.co(?=\/)/, this.#hubs[0] ?? "https://huggingface.co");
    const slashed = base.endsWith("/") ? base : `${base}/`;
    return /.+\/resolve\/.+\//.test(slashed) ? slashed : `${slashed}resolve/main/`;
  }

  /** The repository that an address on one of the hubs refers to; undefined for any other address. */
  repositoryOf(url: URL): string | undefined {
    const known = [...this.#hubs, "https://huggingface.co"].some((hub) => url.origin === new URL(hub).origin);
    const match = /^\/([\w.-]+\/[\w.-]+?)(\/(tree|resolve|blob)\/.*)?\/?$/.exec(url.pathname);
    return known ? match?.[1] : undefined;
  }

  /**
   * Asks for the files of a model and their sizes. Throws `unknown-model`, `not-a-model`, `file-missing`, `network`.
   * Files that the user picked have no host to ask; they are known from the start.
   */
  async facts(origin: FilesOrigin, signal: AbortSignal): Promise<ModelFacts> {
    switch (origin.kind) {
      case "embedded":
        return { files: [...origin.files] };
      case "hub":
        return this.#firstHub((hub) => hubFacts(hub, origin.repository, signal), signal);
      case "folder":
        return folderFacts(origin.url, signal);
      case "webllm":
        return this.#webllmFacts(origin, signal);
      case "files":
        return { files: [] };
    }
  }

  async #webllmFacts(origin: WebLlmOrigin, signal: AbortSignal): Promise<ModelFacts> {
    const weights = this.weightsUrl(origin.modelUrl);
    if (origin.manifest === undefined) return webllmFacts(weights, signal);
    // The files that a manifest refers to can be anywhere in the repository, so their sizes come from its listing.
    const repository = this.repositoryOf(new URL(weights));
    if (repository === undefined) return { files: [] };
    return this.#firstHub((hub) => hubFacts(hub, repository, signal), signal);
  }

  /** The answer of the first hub that can be reached. */
  async #firstHub<T>(ask: (hub: string) => Promise<T>, signal: AbortSignal): Promise<T> {
    let failure: unknown;
    for (const hub of this.#hubs) {
      try {
        return await ask(hub);
      } catch (error) {
        signal.throwIfAborted();
        if (isAbort(error)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }
}

async function hubFacts(hub: string, repository: string, signal: AbortSignal): Promise<ModelFacts> {
  const listing = await readJson(`${hub}/api/models/${repository}?blobs=true`, hubListing, repository, signal);
  if (!listing) {
    throw new MicrogridError(
      "unknown-model",
      `${new URL(hub).host} has no model named ${repository}. Check the spelling: it is "owner/name".`,
    );
  }
  const files = listing.siblings.map(({ rfilename, size, lfs }) => ({
    path: rfilename,
    bytes: size ?? lfs?.size,
    sha256: lfs?.sha256,
  }));
  const hasConfig = files.some((file) => file.path === "config.json");
  const url = `${hub}/${repository}/resolve/main/config.json`;
  const config = hasConfig ? await readJson(url, modelConfig, "config.json", signal) : undefined;
  return { files, contextLength: contextLengthOf(config) };
}

/** A folder cannot be listed, so this reads its configuration and probes for every graph that it may have. */
async function folderFacts(folder: string, signal: AbortSignal): Promise<ModelFacts> {
  const config = await readJson(new URL("config.json", folder).href, modelConfig, "config.json", signal);
  if (!config) {
    throw new MicrogridError(
      "not-a-model",
      `${folder} has no config.json, so it is not a model. Give the address of the folder that holds it.`,
    );
  }
  const probe = async (path: string): Promise<ListedFile[]> => {
    const bytes = await sizeAt(new URL(path, folder).href, signal);
    return bytes === undefined ? [] : [{ path, bytes: bytes === "unknown" ? undefined : bytes }];
  };
  const found = await Promise.all(["config.json", ...SIDE_FILES, ...graphNames()].map(probe));
  const graphs = found.flat().filter((file) => file.path.endsWith(".onnx"));
  const format = config["transformers.js_config"]?.use_external_data_format;
  const data = await Promise.all(
    graphs.flatMap((graph) => {
      const named = externalDataFiles(graph.path, format);
      return (named.length > 0 ? named : [`${graph.path}_data`]).map(probe);
    }),
  );
  return { files: [...found, ...data].flat(), contextLength: contextLengthOf(config) };
}

async function webllmFacts(weights: string, signal: AbortSignal): Promise<ModelFacts> {
  const configUrl = new URL("mlc-chat-config.json", weights).href;
  const config = await readJson(configUrl, mlcConfig, "mlc-chat-config.json", signal);
  if (!config) {
    throw new MicrogridError(
      "not-a-model",
      `${weights} has no mlc-chat-config.json, so it is not a model for the WebLLM engine.`,
    );
  }
  const cacheUrl = new URL("tensor-cache.json", weights).href;
  const cache = await readJson(cacheUrl, tensorCache, "tensor-cache.json", signal);
  if (!cache) {
    throw new MicrogridError(
      "file-missing",
      `${weights} has no tensor-cache.json, the list of its weights. The model may have been made for an older WebLLM.`,
    );
  }
  const files = cache.records.map((record) => ({ path: record.dataPath, bytes: record.nbytes }));
  const context = config.context_window_size;
  return { files, contextLength: context !== undefined && context > 0 ? context : undefined };
}

/** Size of the file at an address: "unknown" if the host does not say, undefined if there is no file. */
async function sizeAt(url: string, signal: AbortSignal): Promise<number | "unknown" | undefined> {
  const response = await request(url, signal, { method: "HEAD" });
  // Static hosts answer with their start page if a file is missing.
  if (!response.ok || (response.headers.get("Content-Type") ?? "").startsWith("text/html")) return undefined;
  // Text is compressed in transit, so its length says nothing about the file.
  const length = url.endsWith(".json") || url.endsWith(".jinja") ? null : response.headers.get("Content-Length");
  return length === null ? "unknown" : Number(length);
}

function contextLengthOf(config: v.InferOutput<typeof modelConfig> | undefined): number | undefined {
  return config?.max_position_embeddings ?? config?.text_config?.max_position_embeddings;
}
