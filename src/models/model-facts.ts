/** Reads those facts about a model that its configuration states before anything is downloaded. */
import * as v from "valibot";
import { readJson } from "./web";

const tokens = v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))), undefined);

const modelConfig = v.object({
  model_type: v.string(),
  max_position_embeddings: tokens,
  text_config: v.nullish(v.object({ max_position_embeddings: tokens })),
  "transformers.js_config": v.nullish(v.object({ use_external_data_format: v.optional(v.unknown()) })),
});

const genAiConfig = v.object({ model: v.object({ context_length: tokens }) });

/** The facts that a configuration contains. */
interface ConfigFacts {
  readonly contextLength: number | undefined;
  /** The configuration's statement on files with external data, in the form that `externalDataFiles` reads. */
  readonly externalData: unknown;
}

/** Reads the `config.json` at an address; undefined if there is none. Throws `not-a-model` and `network`. */
export async function readConfigFacts(url: string, signal: AbortSignal): Promise<ConfigFacts | undefined> {
  const config = await readJson(url, modelConfig, "config.json", signal);
  if (!config) return undefined;
  return {
    contextLength: config.max_position_embeddings ?? config.text_config?.max_position_embeddings,
    externalData: config["transformers.js_config"]?.use_external_data_format,
  };
}

/** Reads the `genai_config.json` at an address; undefined if there is none. Throws `not-a-model` and `network`. */
export async function readGenAiFacts(url: string, signal: AbortSignal): Promise<ConfigFacts | undefined> {
  const config = await readJson(url, genAiConfig, "genai_config.json", signal);
  return config && { contextLength: config.model.context_length, externalData: undefined };
}
