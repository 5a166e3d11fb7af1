/** Recognizes the graphs that make embeddings, by their outputs. */
import { elementName, type Graph } from "../../onnx";
import type { FloatType } from "./floats";

/** The output that vectors are made of. */
export interface EmbeddingOutput {
  readonly name: string;
  readonly type: FloatType;
  /** True for one vector per text, false for a hidden state per token. */
  readonly pooled: boolean;
}

/** Names that exporters give to such outputs, the one that takes least work first. */
const OUTPUTS: readonly (readonly [name: string, pooled: boolean])[] = [
  ["sentence_embedding", true],
  ["token_embeddings", false],
  ["last_hidden_state", false],
];

/** The output with embeddings; undefined for graphs that end with logits, as decoders for chats do, or with something else. */
export function embeddingOutput({ outputs }: Graph): EmbeddingOutput | undefined {
  if (outputs.some(({ name }) => name === "logits")) return undefined;
  for (const [name, pooled] of OUTPUTS) {
    const type = elementName(outputs.find((output) => output.name === name)?.type ?? 0);
    if (type === "float32" || type === "float16") return { name, type, pooled };
  }
  return undefined;
}
