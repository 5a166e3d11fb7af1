/** How much a format slows the choice of tokens with large vocabularies, in Node on the CPU; `decode` has the guide's small one. */
import { haveWeights, realPackage } from "../../scripts/real-models/testing";
import type { LoadedModel, ModelPackage } from "../../src/inference";
import { constraintOf } from "../../src/inference/grammar";
import { OnnxEngine } from "../../src/inference/onnx";
import { nodeOrt, randomPackage } from "../../src/inference/testing/node";
import { ChatTokenizer } from "../../src/inference/tokenizer";
import { QUESTION, decodeRate, endless } from "../answers";
import { twentyFields } from "../form";
import type { Group } from "../group";
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";
import { syntheticTokenizer } from "../synthetic-tokenizer";
import { inTurns } from "../turns";

type OnnxPackage = Extract<ModelPackage, { engine: "onnx" }>;

const ROUNDS = 9;
const COMPILED = 15;
/** More than the shortest answer has in any of the vocabularies. */
const MAX_TOKENS = 300;
const SMALL = 49_152;
const LARGE = 152_000;

const NOTE =
  "Each answer has a schema that is new to the engine, with 20 fields; the free answer of the same model is as long and has no format. " +
  "Synthetic vocabularies have random models that hardly compute, so every real model has a better ratio.";

export const formats: Group = async ({ times, say }) => {
  const lines: Line[] = [];
  for (const [name, pkg] of await models()) {
    const engine = new OnnxEngine({ loadRuntime: nodeOrt });
    const { signal } = new AbortController();
    const model = await engine.load(pkg, { signal, backend: "wasm", onProgress: () => undefined });
    let asked = 0;
    const { a, b } = await inTurns(
      times(ROUNDS),
      () => answerRate(model, twentyFields(`${name}, answer ${asked++}`)),
      () => answerRate(model),
    );
    await model.unload();
    lines.push({
      name: `decode under a schema with 20 fields, ${name}`,
      unit: "tokens/s",
      measured: spread(a),
      other: { name: "free", unit: "tokens/s", value: spread(b) },
      ratio: pairedRatio(a, b),
      target: { of: "ratio", at: "least", value: 0.9 },
      notes: [NOTE],
    });
    lines.push({
      name: `reading that schema, ${name}`,
      unit: "ms",
      measured: spread(await compileTimes(pkg, name, times(COMPILED))),
    });
    say(`the vocabulary of ${name} is measured`);
  }
  return lines;
};

async function models(): Promise<readonly (readonly [name: string, pkg: OnnxPackage])[]> {
  const small = haveWeights
    ? (["SmolLM2-135M, 49k tokens", await realPackage("smollm2-135m", "fp32", "external")] as const)
    : (["synthetic, 49k tokens", synthetic(SMALL)] as const);
  return [small, ["synthetic, 152k tokens", synthetic(LARGE)]];
}

function synthetic(vocabulary: number): OnnxPackage {
  const pkg = randomPackage({ seed: 1, attention: "grouped", positionIds: false, vocabulary });
  const tokenizer = { path: "tokenizer.json", blob: new Blob([syntheticTokenizer(vocabulary)]) };
  return { ...pkg, files: [...pkg.files.filter(({ path }) => path !== tokenizer.path), tokenizer] };
}

/** Tokens per second of an answer. */
async function answerRate(model: LoadedModel, format?: ReturnType<typeof twentyFields>): Promise<number> {
  const { signal } = new AbortController();
  const tokens: { at: number; count: number }[] = [];
  const request = { ...endless(QUESTION, MAX_TOKENS), model: model.info.id, ...(format && { format }) };
  for await (const event of model.generate(request, { signal })) {
    if (event.type === "token") tokens.push({ at: performance.now(), count: event.ids.length });
  }
  return decodeRate({ startedAt: 0, tokens, routes: [], usage: undefined });
}

/** The time to read a new schema and to find the first tokens that fit, once the vocabulary has been read. */
async function compileTimes(pkg: OnnxPackage, name: string, count: number): Promise<number[]> {
  const textOf = (path: string): Promise<string> => pkg.files.find((file) => file.path === path)!.blob.text();
  const parts = { tokenizer: await textOf("tokenizer.json"), config: await textOf("tokenizer_config.json") };
  const tokenizer = await ChatTokenizer.parse({ ...parts, template: undefined });
  const compile = (at: number): number => {
    const start = performance.now();
    constraintOf({ format: twentyFields(`${name}, read ${at}`) }, tokenizer, new Set(tokenizer.endIds))!.mask();
    return performance.now() - start;
  };
  compile(-1);
  return Array.from({ length: count }, (_, at) => compile(at));
}
