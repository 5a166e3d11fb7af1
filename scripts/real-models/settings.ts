/** The files beside a graph: tokenizer, chat template, configuration. */
import { type GgufMetadata, tokenizerFiles } from "../../src/gguf";
import { type Gguf, numberOf } from "./gguf";

/** Paths of the files. */
export const SETTINGS_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
] as const;

/** Writes the files of a model, by their paths. */
export type WriteSettings = (gguf: Gguf) => ReadonlyMap<string, string>;

/** Special tokens, as configurations name them. */
type SpecialIds = Readonly<Record<"bos_token_id" | "eos_token_id" | "pad_token_id", number>>;

/** The sizes that the configurations of all decoders name alike. */
interface Sizes {
  readonly hidden: number;
  readonly feedForward: number;
  readonly context: number;
  readonly heads: number;
  readonly layers: number;
  readonly keyHeads: number;
  readonly epsilon: number;
  readonly ropeBase: number;
}

/** Sizes in the names and the order of `config.json`. */
export function sizesOf(sizes: Sizes): object {
  return {
    hidden_size: sizes.hidden,
    intermediate_size: sizes.feedForward,
    max_position_embeddings: sizes.context,
    num_attention_heads: sizes.heads,
    num_hidden_layers: sizes.layers,
    num_key_value_heads: sizes.keyHeads,
    rms_norm_eps: sizes.epsilon,
    rope_theta: sizes.ropeBase,
  };
}

/** The files as a hub has them. The tokenizer is that of `metadata`, by default of the file itself. */
export function settingsFiles(
  gguf: Gguf,
  config: (ids: SpecialIds) => object,
  metadata: GgufMetadata = gguf.metadata,
): ReadonlyMap<string, string> {
  const special = (kind: string): number => numberOf(gguf, `tokenizer.ggml.${kind}_token_id`);
  const ids = { bos_token_id: special("bos"), eos_token_id: special("eos"), pad_token_id: special("padding") };
  const files = tokenizerFiles(metadata);
  return new Map([
    ["config.json", fileText(config(ids))],
    ["generation_config.json", fileText(ids)],
    ["tokenizer.json", fileText(JSON.parse(files.tokenizer))],
    ["tokenizer_config.json", fileText(JSON.parse(files.config))],
  ]);
}

function fileText(content: unknown): string {
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
