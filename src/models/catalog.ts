/** The models that are known without a request: the embedded one, listed ONNX repositories, and the WebLLM catalog. */
import * as v from "valibot";
import { embedded as packaged } from "virtual:packaged-files";
import embedded from "./embedded.json";
import { webllmFeatures, type ModelEntry } from "./entry";
import ggufRepositories from "./gguf-repositories.json";
import repositories from "./onnx-repositories.json";

const embeddedSchema = v.object({
  id: v.string(),
  name: v.string(),
  folder: v.string(),
  contextLength: v.number(),
  files: v.array(v.object({ path: v.string(), bytes: v.number(), sha256: v.string() })),
});

const repositoriesSchema = v.array(
  v.object({
    repository: v.string(),
    name: v.string(),
    contextLength: v.number(),
    /** The number in the repository's name; absent if the name has none. */
    parameters: v.optional(v.number()),
    /** Shape of the token embedding (vocabulary and width) from the model's configuration. */
    embedding: v.optional(v.tuple([v.number(), v.number()])),
    purpose: v.optional(v.picklist(["chat", "embedding"]), "chat"),
  }),
);

const ggufSchema = v.array(
  v.object({ repository: v.string(), name: v.string(), contextLength: v.number(), parameters: v.number() }),
);

/** The library's number for embedding models. Language models have no number. */
const EMBEDDING_KIND = 1;

const webllmRecord = v.object({
  model: v.string(),
  model_id: v.string(),
  model_lib: v.string(),
  vram_required_MB: v.optional(v.number()),
  required_features: v.optional(v.array(v.string()), []),
  buffer_size_required_bytes: v.optional(v.number()),
  model_type: v.optional(v.number()),
  model_manifest: v.optional(v.string()),
  overrides: v.optional(v.object({ context_window_size: v.optional(v.number()) }), {}),
});

/** The models that come with the page. They are below `baseUrl`, unless the build brings them along. */
export function embeddedEntries(baseUrl: string): ModelEntry[] {
  const { id, name, folder, contextLength, files } = v.parse(embeddedSchema, embedded);
  const addresses = Object.fromEntries(
    files.map(({ path }) => [path, packaged?.[path] ?? new URL(folder + path, baseUrl).href]),
  );
  const origin = { kind: "embedded", addresses, files } as const;
  return [{ id, name, engine: "onnx", source: "embedded", origin, contextLength, memoryBytes: undefined }];
}

/** Well-known ONNX repositories. Their sizes are estimates until the hub has been asked. */
export function repositoryEntries(): ModelEntry[] {
  return v
    .parse(repositoriesSchema, repositories)
    .map(({ repository, name, contextLength, parameters, embedding, purpose }) => ({
      id: repository,
      name,
      engine: "onnx",
      source: "catalog",
      origin: { kind: "hub", repository },
      contextLength,
      purpose,
      memoryBytes: undefined,
      ...(parameters !== undefined &&
        embedding && { parameters: { total: parameters, embedding: embedding[0] * embedding[1] } }),
    }));
}

/** Well-known GGUF repositories. The quantization is chosen, and its size known, when the hub has been asked. */
export function ggufEntries(): ModelEntry[] {
  return v.parse(ggufSchema, ggufRepositories).map(({ repository, name, contextLength, parameters }) => ({
    ...{ id: repository, name, engine: "wllama", source: "catalog", purpose: "chat" },
    ...{ origin: { kind: "hub", repository }, contextLength, memoryBytes: undefined },
    parameters: { total: parameters, embedding: 0 },
  }));
}

/** The models of the WebLLM library's own list. A record that does not parse is left out. */
export function webllmEntries(records: readonly unknown[]): ModelEntry[] {
  return records.flatMap((record): ModelEntry[] => {
    const parsed = v.safeParse(webllmRecord, record);
    if (!parsed.success) return [];
    const { output } = parsed;
    const context = output.overrides.context_window_size;
    return [
      {
        id: output.model_id,
        name: output.model_id.replace(/-MLC/, ""),
        engine: "webllm",
        purpose: output.model_type === EMBEDDING_KIND ? "embedding" : "chat",
        source: "catalog",
        origin: {
          kind: "webllm",
          modelUrl: output.model,
          libraryUrl: output.model_lib,
          manifest: output.model_manifest,
          requiredFeatures: webllmFeatures(output.model_id, output.required_features),
          largestBufferBytes: output.buffer_size_required_bytes,
          embedding: output.model_type === EMBEDDING_KIND,
        },
        contextLength: context !== undefined && context > 0 ? context : undefined,
        memoryBytes: output.vram_required_MB === undefined ? undefined : Math.round(output.vram_required_MB * 2 ** 20),
      },
    ];
  });
}
