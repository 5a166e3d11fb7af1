/** Time to read a prompt, where the head is computed for the last token only, in Node on the CPU. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { variant } from "../../scripts/real-models/repository";
import { haveWeights, WEIGHTS_HINT } from "../../scripts/real-models/testing";
import { readGraphSpec } from "../../src/inference/onnx/graph-spec";
import { withLogitsToKeep } from "../../src/inference/onnx/head-rows";
import { ModelRunner } from "../../src/inference/onnx/runner";
import { cacheFactories, createSession } from "../../src/inference/onnx/session";
import { nodeOrt } from "../../src/inference/testing/node";
import { readGraph } from "../../src/onnx";
import type { Group } from "../group";
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

const ROUNDS = 7;
const MODEL = "smollm2-135m";
const PROMPTS = [64, 256];
/** Ids of ordinary tokens, in no order. */
const IDS = Array.from({ length: Math.max(...PROMPTS) }, (_, at) => 1000 + ((at * 7919) % 40_000));

const NOTE =
  "By the processor's clock; one thread, one piece. The other side is the graph as it was exported, whose head is computed for every token.";

export const prefill: Group = async ({ times, say }) => {
  if (!haveWeights) throw new Error(`the weights of SmolLM2-135M are not here ${WEIGHTS_HINT}`);
  const lines: Line[] = [];
  for (const precision of ["q4", "int8", "fp32"] as const) {
    const { folder, graph, data } = await variant(MODEL, precision, "external");
    const read = (path: string) => new Uint8Array(readFileSync(`${folder}/${path}`));
    const external = data.map((path) => ({ path: basename(path), data: read(path) }));
    const exported = read(graph);
    const short = await reader(withLogitsToKeep(readGraph(exported))!, external);
    const whole = await reader(exported, external);
    for (const tokens of PROMPTS) {
      const ids = IDS.slice(0, tokens);
      const { a, b } = await inTurns(
        times(ROUNDS),
        () => short.time(ids),
        () => whole.time(ids),
      );
      lines.push({
        name: `prompt of ${tokens} tokens, SmolLM2-135M ${precision}`,
        unit: "ms",
        measured: spread(a),
        other: { name: "head for every token", unit: "ms", value: spread(b) },
        ratio: pairedRatio(a, b),
        notes: [NOTE],
      });
      say(`${precision}, ${tokens} tokens: measured`);
    }
    await short.release();
    await whole.release();
  }
  return lines;
};

/** Prepares a graph to read prompts. */
async function reader(graphBytes: Uint8Array, external: readonly { path: string; data: Uint8Array }[]) {
  const { signal } = new AbortController();
  const [ort, graph] = [await nodeOrt(), readGraph(graphBytes)];
  const session = await createSession(ort, { graphBytes, graph, external }, undefined, { signal, expand: true });
  const spec = readGraphSpec(graph, { heads: undefined, headDim: undefined });
  const runner = new ModelRunner(ort, session, spec, undefined);
  const { plain } = cacheFactories(ort, spec, undefined, IDS.length);
  return {
    /** Milliseconds of the processor to the logits after the last of the ids. */
    async time(ids: readonly number[]): Promise<number> {
      const cache = plain();
      const start = process.cpuUsage();
      await runner.predict(cache, ids, 1);
      const { user, system } = process.cpuUsage(start);
      cache.dispose();
      return (user + system) / 1000;
    },
    release: () => runner.release(),
  };
}
