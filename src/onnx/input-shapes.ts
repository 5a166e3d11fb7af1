/** Changes the shapes of a graph's inputs. */
import { readGraph } from "./graph";
import { portMessage, writeModel } from "./writer";

/** A graph with other sizes in the shape of an input. Open dimensions have names. */
export function withInputShapes(
  bytes: Uint8Array,
  shapes: ReadonlyMap<string, readonly (number | string)[]>,
): Uint8Array<ArrayBuffer> {
  const graph = readGraph(bytes);
  return writeModel(graph.modelFields, {
    nodes: graph.nodes.map(({ content }) => content),
    initializers: graph.initializers.map(({ content }) => content),
    inputs: graph.inputs.map(({ name, type = 0, content }) => {
      const shape = shapes.get(name);
      return shape ? portMessage(name, type, shape) : content;
    }),
    outputs: graph.outputs.map(({ content }) => content),
    described: [...graph.described.values()].map(({ content }) => content),
    annotations: graph.annotations.map(({ content }) => content),
    otherFields: graph.otherFields,
  });
}
