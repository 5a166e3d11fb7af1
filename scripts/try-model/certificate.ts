/** Tries a model on the CPU: load, prompt, stop, caches, split and speed. */
import type { GenerationEvent, LoadedModel, ModelPackage } from "../../src/inference";
import { readGraphSpec } from "../../src/inference/onnx/graph-spec";
import { readPackage } from "../../src/inference/onnx/package-files";
import { chain, PartsInMemory } from "../../src/pipeline/testing/parts";

/** A model that can be tried. */
export interface Candidate {
  readonly pkg: Extract<ModelPackage, { engine: "onnx" }>;
  /** Reads the graph, and the files with its weights. */
  files(): ConstructorParameters<typeof PartsInMemory>[1];
}

/** All trials, in order. */
export const TRIALS = ["load", "prompt", "end", "abort", "cache", "split", "speed"] as const;

/** The result of one trial: what was seen, and whether that is as it should be. */
export interface Trial {
  readonly name: (typeof TRIALS)[number];
  readonly passed: boolean;
  readonly seen: string;
  /** The same in a word, for tables. */
  readonly verdict: string;
}

const QUESTION = "What is the capital of France?";
const MAX_TOKENS = 48;
/** Tokens that are compared between the whole model and its parts. */
const SPLIT_TOKENS = 8;

/** Tries everything, one after the other; `tell` is called with each result. A model that cannot be loaded gets only one. */
export async function certify({ pkg, files }: Candidate, tell: (trial: Trial) => void): Promise<void> {
  const run = async (
    name: Trial["name"],
    trial: () => Promise<Omit<Trial, "name" | "verdict"> & { verdict?: string }>,
  ): Promise<void> => {
    const failed = (error: unknown) => ({
      passed: false,
      seen: error instanceof Error ? error.message : String(error),
    });
    const result = await trial().catch(failed);
    tell({ name, verdict: result.passed ? "yes" : "no", ...result });
  };
  let parts: PartsInMemory | undefined;
  let model: LoadedModel | undefined;
  await run("load", async () => {
    const start = performance.now();
    parts = new PartsInMemory(pkg, files());
    model = await parts.whole();
    return { passed: true, seen: `${pkg.graph} in ${rounded((performance.now() - start) / 1000)} s` };
  });
  if (!parts || !model) return;
  const [whole, pieces] = [model, parts];
  let done: GenerationEvent | undefined;
  await run("prompt", async () => {
    const answer = await greedy(whole, MAX_TOKENS);
    done = answer.done;
    return { passed: answer.text.trim() !== "", seen: JSON.stringify(answer.text) };
  });
  await run("end", async () => {
    const reason = done?.type === "done" ? done.finishReason : "none";
    return { passed: reason === "stop", seen: reason === "stop" ? "by its own token" : `none in ${MAX_TOKENS} tokens` };
  });
  await run("abort", async () => {
    const controller = new AbortController();
    const left = await greedy(whole, MAX_TOKENS, controller).then(
      () => false,
      (error: unknown) => error === controller.signal.reason,
    );
    return { passed: left, seen: left ? "after the first token" : "the answer went on" };
  });
  await run("cache", async () => {
    const read = await readPackage(pkg, { signal: new AbortController().signal });
    const inPlace = readGraphSpec(read.graph, read).inPlacePossible;
    const seen = `on a graphics card, keys and values ${inPlace ? "stay in place" : "are copied at each step"}`;
    return { passed: true, seen, verdict: inPlace ? "in place" : "copied" };
  });
  await run("split", async () => {
    const { layers } = pieces.decoder;
    const [from, to] = [Math.floor(layers / 3), Math.ceil((2 * layers) / 3)];
    const stage = await pieces.stage(from, to);
    const ring = await pieces.model(chain([stage]), from, to);
    const [ours, theirs] = [await greedy(whole, SPLIT_TOKENS), await greedy(ring, SPLIT_TOKENS)];
    await ring.unload();
    await stage.unload();
    const passed = String(ours.ids) === String(theirs.ids);
    return { passed, seen: `layers ${from} to ${to} of ${layers} elsewhere: ${passed ? "the same" : "other"} tokens` };
  });
  await run("speed", () => {
    const { prefillRate, decodeRate, prefillChunk } = whole.info;
    const [reads, writes] = [rounded(prefillRate), rounded(decodeRate)];
    const seen = `reads ${reads} and writes ${writes} tokens/s, in pieces of ${prefillChunk}`;
    return Promise.resolve({ passed: true, seen, verdict: `${reads} / ${writes}` });
  });
  await whole.unload();
}

/** The greedy answer; with a controller, it is aborted at each token. */
async function greedy(model: LoadedModel, maxTokens: number, aborted?: AbortController) {
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  const messages = [{ role: "user", content: QUESTION }] as const;
  const ids: number[] = [];
  let text = "";
  let done: GenerationEvent | undefined;
  const { signal } = aborted ?? new AbortController();
  for await (const event of model.generate({ model: model.info.id, messages, sampling, maxTokens }, { signal })) {
    if (event.type === "done") done = event;
    if (event.type !== "token") continue;
    aborted?.abort();
    ids.push(...event.ids);
    text += event.text;
  }
  return { ids, text, done };
}

const rounded = (value: number | undefined): string =>
  value === undefined ? "?" : String(Number(value.toPrecision(2)));
