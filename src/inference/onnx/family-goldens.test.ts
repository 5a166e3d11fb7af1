/**
 * The logits of hybrid models against those of another runtime: `scripts/family-goldens/goldens.py` computes the layers in
 * PyTorch, token by token, as their papers define them. `FAMILY_FIXTURES=<folder>` writes the graphs that it reads.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readGraph } from "../../onnx";
import { randomDecoder } from "../testing";
import { FAMILIES } from "../testing/families";
import { nodeOrt } from "../testing/node";
import { readGraphSpec } from "./graph-spec";
import { ModelRunner } from "./runner";
import { cacheFactories, createSession } from "./session";

interface Golden {
  readonly ids: readonly number[];
  /** Logits after the last id. */
  readonly logits: readonly number[];
}

const signal = new AbortController().signal;
const PATH = new URL("../testing/family-goldens.json", import.meta.url);
const folder = process.env.FAMILY_FIXTURES;

describe.each(Object.entries(FAMILIES))("a model with %s", (name, shape) => {
  const { model } = randomDecoder({ ...shape, externalFiles: [] });
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${name}.onnx`, model);
  }

  it.each([
    ["at once", [10]],
    ["in pieces", [4, 3, 1, 1, 1]],
  ])("computes the logits of the other runtime, read %s", async (_, pieces) => {
    const golden = (JSON.parse(readFileSync(PATH, "utf8")) as Record<string, Golden>)[name]!;
    const [ort, graph] = [await nodeOrt(), readGraph(model)];
    const files = { graphBytes: model, graph, external: [] };
    const session = await createSession(ort, files, undefined, { signal, expand: false });
    const spec = readGraphSpec(graph, { heads: undefined, headDim: undefined });
    const runner = new ModelRunner(ort, session, spec, undefined);
    const cache = cacheFactories(ort, spec, undefined, 128).plain();
    let last: readonly Float32Array[] = [];
    for (const count of pieces) {
      last = await runner.predict(cache, golden.ids.slice(cache.length, cache.length + count), 1);
    }
    expect(cache.length).toBe(golden.ids.length);
    const largest = Math.max(...golden.logits.map(Math.abs));
    for (const [id, logit] of golden.logits.entries()) {
      expect(Math.abs((last[0]?.[id] ?? NaN) - logit) / largest).toBeLessThan(1e-4);
    }
    cache.dispose();
    await runner.release();
  });
});
