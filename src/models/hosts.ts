/** Asks the hosts of models which files there are, and knows the addresses of these files. */
import * as v from "valibot";
import { isAbort, MicrogridError } from "../core";
import type { FilesOrigin, HubOrigin, WebLlmOrigin } from "./entry";
import { findInFolder, folderFacts, ggufFacts } from "./folder-facts";
import { filesAddress, repositoryAt } from "./hub-address";
import { hubFacts } from "./hub-facts";
import type { ListedFile, ModelFacts } from "./records";
import { readJson } from "./web";

/** The part of an MLC model's `mlc-chat-config.json` that says what it is. */
const mlcConfig = v.object({
  context_window_size: v.optional(v.number()),
  tokenizer_files: v.array(v.string()),
  conv_template: v.looseObject({}),
});

const tensorCache = v.object({ records: v.array(v.object({ dataPath: v.string(), nbytes: v.number() })) });

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
        return [origin.addresses[path] ?? []].flat();
      case "folder":
        return [new URL(escaped, origin.url).href];
      case "hub":
        return this.#hubs.map((hub) => `${filesAddress(hub, origin)}${escaped}`);
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
  repositoryOf(url: URL): HubOrigin | undefined {
    const known = [...this.#hubs, "https://huggingface.co"].some((hub) => url.origin === new URL(hub).origin);
    return known ? repositoryAt(url.pathname) : undefined;
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
        return this.#firstHub((hub) => hubFacts(hub, origin, signal), signal);
      case "folder":
        return origin.within === undefined
          ? folderFacts(origin.url, signal)
          : ggufFacts(origin.url, origin.within, signal);
      case "webllm":
        return this.#webllmFacts(origin, signal);
      case "files":
        return { files: [] };
    }
  }

  /** Those of the files that exist, with their sizes: by the model's listing, or by asking a host that has none. */
  async find(
    origin: FilesOrigin,
    { paths, listing, signal }: { paths: readonly string[]; listing: readonly ListedFile[]; signal: AbortSignal },
  ): Promise<readonly ListedFile[]> {
    const listed = listing.filter(({ path }) => paths.includes(path));
    if (origin.kind !== "folder") return listed;
    const others = paths.filter((path) => listed.every((file) => file.path !== path));
    return [...listed, ...(await findInFolder(origin.url, others, signal))];
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
