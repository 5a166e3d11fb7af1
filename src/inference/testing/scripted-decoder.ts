/** A decoder that says what it is told: each token decides the next one. For tests; never bundled. */
import { OnnxWriter } from "./onnx-writer";

/** Far more than any other token gets. */
const SURE = 50;

/**
 * A graph whose answers follow `next`: after the token of an entry comes that of its value. After any other token, `end`
 * comes. Each token may be in one entry only.
 */
export function scriptedDecoder(
  next: ReadonlyMap<number, number>,
  { vocabulary, end }: { readonly vocabulary: number; readonly end: number },
): Uint8Array {
  const states = next.size + 1;
  const embeddings = new Float32Array(vocabulary * states);
  const head = new Float32Array(states * vocabulary);
  for (let token = 0; token < vocabulary; token++) if (!next.has(token)) embeddings[token * states] = 1;
  head[end] = SURE;
  for (const [index, [token, follower]] of [...next].entries()) {
    embeddings[token * states + index + 1] = 1;
    head[(index + 1) * vocabulary + follower] = SURE;
  }
  const writer = new OnnxWriter();
  const ids = writer.input({ name: "input_ids", type: "int64", shape: ["batch", "sequence"] });
  const x = writer.node("Gather", [writer.weight([vocabulary, states], embeddings), ids], { attributes: { axis: 0 } });
  // The caches only count: no attention reads them.
  const state = writer.node("Unsqueeze", [x, writer.integers([1])]);
  for (const kind of ["key", "value"]) {
    const past = writer.input({
      name: `past_key_values.0.${kind}`,
      type: "float32",
      shape: ["batch", 1, "past", states],
    });
    writer.output({ name: `present.0.${kind}`, type: "float32", shape: ["batch", 1, "total", states] });
    writer.node("Concat", [past, state], { outputs: [`present.0.${kind}`], attributes: { axis: 2 } });
  }
  writer.node("MatMul", [x, writer.weight([states, vocabulary], head)], { outputs: ["logits"] });
  writer.output({ name: "logits", type: "float32", shape: ["batch", "sequence", vocabulary] });
  return writer.build().model;
}
