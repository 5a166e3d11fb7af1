/** Writes the built-in model as most small models are published: one file, with the weights inside of it. */
import { readFile } from "node:fs/promises";
import { readGraph, tensorMessage, writeModel } from "../../src/onnx";

const GRAPH = new URL("../../public/models/guide/onnx/model_q4.onnx", import.meta.url);

/** The graph's file of the guide model, with its weights inside. */
export async function guideWithWeightsInside(): Promise<Buffer> {
  const data = await readFile(new URL(`${GRAPH.href}_data`));
  const { modelFields, otherFields, ...graph } = readGraph(await readFile(GRAPH));
  const contents = (parts: readonly { readonly content: Uint8Array }[]): Uint8Array[] =>
    parts.map(({ content }) => content);
  const model = writeModel(modelFields, {
    nodes: contents(graph.nodes),
    initializers: graph.initializers.map((tensor) => {
      const { external, bytes = 0, content } = tensor;
      return external ? tensorMessage(tensor, data.subarray(external.offset, external.offset + bytes)) : content;
    }),
    inputs: contents(graph.inputs),
    outputs: contents(graph.outputs),
    described: contents([...graph.described.values()]),
    annotations: contents(graph.annotations),
    otherFields,
  });
  return Buffer.from(model);
}
