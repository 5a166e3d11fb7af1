/** A repository of a model with random weights, as a hub has it: its files by path, of which the largest is made when it is read. */
import { guideFile } from "../../src/inference/testing/node";
import { syntheticTokenizer } from "../synthetic-tokenizer";
import { randomGraph } from "./random-graph";
import type { Shape } from "./shapes";
import type { WeightsFile } from "./weights-file";

/** The first tokens of the vocabulary are the guide's own: marks of chats, and bytes that are no characters by themselves. */
const GUIDE_TOKENS = 2048;
const END_ID = 2;

/** A model on the site of a benchmark. */
export interface RandomModel {
  readonly shape: Shape;
  readonly half: boolean;
  /** `q4f16` or `q4`, as hubs name variants. */
  readonly dtype: string;
  /** Path of its graph. */
  readonly graph: string;
  readonly files: ReadonlyMap<string, string | Uint8Array | WeightsFile>;
  /** The texts of its tokenizer's files. */
  readonly texts: { readonly tokenizer: string; readonly config: string };
}

/** Makes all files but the weights. `half`: the model computes in half precision. */
export function randomModel(shape: Shape, half: boolean): RandomModel {
  const dtype = half ? "q4f16" : "q4";
  const location = `model_${dtype}.onnx_data`;
  const { model, weights } = randomGraph(shape, { half, location, silentTokens: GUIDE_TOKENS });
  const graph = `onnx/model_${dtype}.onnx`;
  const texts = { tokenizer: syntheticTokenizer(shape.vocabulary), config: guideFile("tokenizer_config.json") };
  const files = new Map<string, string | Uint8Array | WeightsFile>([
    ["config.json", JSON.stringify(configOf(shape))],
    ["generation_config.json", JSON.stringify({ eos_token_id: END_ID })],
    ["tokenizer.json", texts.tokenizer],
    ["tokenizer_config.json", texts.config],
    [graph, model],
    [`onnx/${location}`, weights],
  ]);
  return { shape, half, dtype, graph, files, texts };
}

function configOf(shape: Shape): object {
  return {
    model_type: shape.type,
    hidden_size: shape.hidden,
    intermediate_size: shape.feedForward,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyHeads,
    head_dim: shape.headDim,
    max_position_embeddings: shape.context,
    rms_norm_eps: shape.epsilon,
    rope_theta: shape.ropeBase,
    vocab_size: shape.vocabulary,
    eos_token_id: END_ID,
    ...(shape.windows && { sliding_window: shape.windows.tokens }),
    untrained: true,
  };
}
