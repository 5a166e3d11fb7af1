/** Graphs with a head for the last tokens, against the graphs as they were exported, on ONNX Runtime's WASM build in Node. */
import { describe, expect, it } from "vitest";
import { readGraph } from "../../onnx";
import { type DecoderShape, randomDecoder, randomDecoderApart } from "../testing";
import { FAMILIES } from "../testing/families";
import { nodeOrt } from "../testing/node";
import { readGraphSpec } from "./graph-spec";
import { withLogitsToKeep } from "./head-rows";
import { ModelRunner } from "./runner";
import { cacheFactories, createSession } from "./session";

const signal = new AbortController().signal;
const OPEN = { heads: undefined, headDim: undefined };
const IDS = [5, 3, 17, 2, 40, 9, 21, 33, 8, 1];

const SHAPES: Readonly<Record<string, DecoderShape>> = {
  "the GenAI builder": {},
  "the GenAI builder, with 4 bits": { bits: 4, zeroPoints: true, attention: "packed" },
  "the GenAI builder, with 8 bits": { bits: 8 },
  Optimum: { attention: "primitive", positionIds: true, positions: "rotary", norms: "spelled" },
  "Optimum, with described values": { attention: "primitive", norms: "plain", described: true },
  "tied embeddings": { tied: "floats" },
  "tied embeddings of 4 bits": { tied: "codes", bits: 4 },
  "capped logits": { head: "capped", norms: "sandwich" },
  "one list of tokens": { head: "flat" },
  "dynamic quantization": { head: "int8" },
  "dynamic quantization, tied embeddings": { tied: "bytes", rounded: true },
  "chosen tables": { chosenTables: true, positions: "rotary" },
  "external data": { externalFiles: ["a.bin", "b.bin"] },
  "names that tell nothing": { names: "nothing", biases: true },
  experts: { experts: "spelled" },
  ...FAMILIES,
};

interface Files {
  readonly graphBytes: Uint8Array;
  readonly external: readonly { readonly path: string; readonly data: Uint8Array }[];
}

function filesOf(shape: DecoderShape): Files {
  const { model, external } = randomDecoder({ externalFiles: [], layers: 2, ...shape });
  return { graphBytes: model, external: external.map(({ name, bytes }) => ({ path: name, data: bytes })) };
}

function shortened(files: Files): Files {
  const graphBytes = withLogitsToKeep(readGraph(files.graphBytes));
  if (!graphBytes) throw new Error("The head is not known.");
  return { ...files, graphBytes };
}

/** Runs a graph on a text in pieces, for each number of rows: the last rows of each piece, and how many the last computed. */
async function read(files: Files, wanted: readonly number[], expand = false) {
  const [ort, graph] = [await nodeOrt(), readGraph(files.graphBytes)];
  const session = await createSession(ort, { ...files, graph }, undefined, { signal, expand });
  let computed = 0;
  const watched = Object.assign(Object.create(session) as typeof session, {
    run: async (...args: Parameters<typeof session.run>) => {
      const outputs = await session.run(...args);
      computed = outputs.logits?.dims[1] ?? 0;
      return outputs;
    },
  });
  const spec = readGraphSpec(graph, OPEN);
  const runner = new ModelRunner(ort, watched, spec, undefined);
  const logits: Float32Array[] = [];
  const counts: number[] = [];
  for (const rows of wanted) {
    const cache = cacheFactories(ort, spec, undefined, 128).plain();
    for (const count of [1, 5, 4]) {
      const ids = IDS.slice(cache.length, cache.length + count);
      logits.push(...(await runner.predict(cache, ids, rows)));
    }
    counts.push(computed);
    cache.dispose();
  }
  await session.release();
  return { logits, counts };
}

function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const differences = a.flatMap((row, at) => [...row].map((value, id) => Math.abs(value - (b[at]?.[id] ?? NaN))));
  return Math.max(...differences);
}

describe("a head for the last tokens", () => {
  it.each(Object.entries(SHAPES))("gives the logits of the export by %s", async (_, shape) => {
    const files = filesOf(shape);
    const [before, after] = [await read(files, [1, 3]), await read(shortened(files), [1, 3])];
    expect([before.counts, after.counts]).toEqual([
      [4, 4],
      [1, 3],
    ]);
    expect(after.logits).toHaveLength(before.logits.length);
    expect(largestDifference(after.logits, before.logits)).toBeLessThan(1e-5);
  });

  it("takes expanded weights", async () => {
    const files = filesOf({ bits: 4, externalFiles: ["model.onnx_data"] });
    const [before, after] = [await read(files, [2], true), await read(shortened(files), [2], true)];
    expect([before.counts, after.counts]).toEqual([[4], [2]]);
    expect(largestDifference(after.logits, before.logits)).toBeLessThan(1e-5);
  });

  it("is made for a graph that begins with hidden states, as the last stage of a pipeline does", () => {
    const { decoder } = randomDecoderApart({});
    const graph = readGraph(withLogitsToKeep(readGraph(decoder.model))!);
    expect(graph.inputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["inputs_embeds", "num_logits_to_keep"]),
    );
  });

  it.each<[string, DecoderShape]>([
    ["takes a number of tokens already", { logits: "as-asked" }],
    ["gives the last logits only", { logits: "last" }],
    ["uses what lies behind the product in another way too", { head: "seen-twice" }],
  ])("is not made for a graph that %s", (_, shape) => {
    expect(withLogitsToKeep(readGraph(filesOf(shape).graphBytes))).toBeUndefined();
  });
});
