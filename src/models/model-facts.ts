/** Reads those facts about a model that its configuration states before anything is downloaded. */
import * as v from "valibot";
import type { VariantWishes } from "./variants";
import { readJson } from "./web";

const tokens = v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined);

/** A type of numbers, for all files or by device or file. */
const types = v.fallback(v.nullish(v.union([v.string(), v.record(v.string(), v.string())])), undefined);

const webConfig = v.object({
  use_external_data_format: v.optional(v.unknown()),
  dtype: types,
  kv_cache_dtype: types,
  device_config: v.fallback(v.nullish(v.record(v.string(), v.object({ dtype: types }))), undefined),
});

const modelConfig = v.object({
  model_type: v.string(),
  max_position_embeddings: tokens,
  architectures: v.fallback(v.nullish(v.array(v.string())), undefined),
  text_config: v.nullish(v.object({ max_position_embeddings: tokens })),
  "transformers.js_config": v.nullish(webConfig),
});

const genAiConfig = v.object({ model: v.object({ context_length: tokens }) });

/** The facts that a configuration contains. */
interface ConfigFacts {
  readonly contextLength: number | undefined;
  readonly embeds?: boolean;
  /** The configuration's statement on files with external data, in the form that `externalDataFiles` reads. */
  readonly externalData: unknown;
  readonly variants?: VariantWishes;
}

/** Reads the `config.json` at an address; undefined if there is none. Throws `not-a-model` and `network`. */
export async function readConfigFacts(url: string, signal: AbortSignal): Promise<ConfigFacts | undefined> {
  const config = await readJson(url, modelConfig, "config.json", signal);
  if (!config) return undefined;
  const web = config["transformers.js_config"];
  return {
    contextLength: config.max_position_embeddings ?? config.text_config?.max_position_embeddings,
    externalData: web?.use_external_data_format,
    ...(isHeadless(config.architectures) && { embeds: true }),
    ...(web && { variants: wishesOf(web) }),
  };
}

/** Models with a head are named after it, such as `LlamaForCausalLM`; `BertModel` ends with hidden states. */
function isHeadless(architectures: readonly string[] | null | undefined): boolean {
  return (architectures?.length ?? 0) > 0 && architectures!.every((name) => name.endsWith("Model"));
}

function wishesOf({
  dtype,
  kv_cache_dtype: caches,
  device_config: devices,
}: v.InferOutput<typeof webConfig>): VariantWishes {
  const typeOn = (device: string): string | undefined => decoderType(devices?.[device]?.dtype ?? dtype, device);
  const general = typeOn("wasm");
  return {
    webgpu: typeOn("webgpu"),
    // Types with 16 bits are meant for GPUs, unless the configuration names the CPU.
    wasm: devices?.wasm?.dtype || !/f(p)?16$/.test(general ?? "") ? general : undefined,
    halfCaches:
      typeof caches === "string"
        ? caches === "float16"
          ? ["*"]
          : []
        : Object.keys(caches ?? {}).filter((type) => caches?.[type] === "float16"),
  };
}

/** The type of the decoder's graph, from a statement for all files, or for devices or files. */
function decoderType(type: v.InferOutput<typeof types>, device: string): string | undefined {
  if (typeof type === "string" || !type) return type ?? undefined;
  return type[device] ?? type.model ?? type.decoder_model_merged;
}

/** Reads the `genai_config.json` at an address; undefined if there is none. Throws `not-a-model` and `network`. */
export async function readGenAiFacts(url: string, signal: AbortSignal): Promise<ConfigFacts | undefined> {
  const config = await readJson(url, genAiConfig, "genai_config.json", signal);
  return config && { contextLength: config.model.context_length, externalData: undefined };
}
