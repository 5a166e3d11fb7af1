/** Models on the CPU: each engine of Microgrid and other runtimes in one run, with what memory allows beside them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { serveBarePage } from "../../e2e/harness/bare-pages";
import { pretendCores } from "../../e2e/harness/cores";
import type { WebServer } from "../../e2e/harness/servers";
import { guideGguf } from "../../scripts/guide-gguf/gguf";
import { ggufPath, variant } from "../../scripts/real-models/index";
import { haveWeights } from "../../scripts/real-models/testing";
import { ROOT } from "../../scripts/run/spawn.mjs";
import { QUESTION as STORY } from "../answers";
import { processorCopyRate } from "../bandwidth";
import { bareWllama, type Contestant, microgrid, type Question, type SiteModel, transformers } from "../contestants";
import { decodeRate, firstTokenMs } from "../gpu/rates";
import type { Group, GroupContext } from "../group";
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";
import { hasTransformers, TRANSFORMERS_HINT, transformersFiles } from "../transformers";

const ROUNDS = 5;
/** Tokens of an answer that stands for reading the prompt. */
const SHORT = 2;
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const GUIDE_FILES = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
const [MICROGRID, BARE, TRANSFORMERS] = ["microgrid", "wllama", "transformers"] as const;

/** A model, and who runs it: the runtime, the name of the format there, and the files. */
interface Model {
  readonly name: string;
  readonly question: Question;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly runs: readonly (readonly [runtime: "microgrid" | "wllama" | "transformers", format: string, SiteModel])[];
}

export const engines: Group = async (context) => {
  const models = [guide(), ...(haveWeights ? [await smollm2()] : [])];
  if (!haveWeights) context.say("The weights of SmolLM2-135M are not here: npm run real:models brings them. Left out.");
  if (!hasTransformers(transformersFiles())) context.say(TRANSFORMERS_HINT);
  const lines: Line[] = [];
  for (const model of models) {
    for (const threads of [1, 2]) lines.push(...(await measure(context, model, threads)));
  }
  return lines;
};

async function measure(context: GroupContext, model: Model, threads: number): Promise<Line[]> {
  const files = new Map([...model.files, ...transformersFiles()]);
  const options = { made: files, headers: threads > 1 ? ISOLATED : {} };
  const [ours, rivals] = await Promise.all([
    serveBarePage("onnx-page", options),
    serveBarePage("rivals-page", options),
  ]);
  const browser = await context.stage.ownBrowser();
  try {
    const open = async (site: WebServer, ready: string): Promise<Page> => {
      const page = await (await browser.browser.newContext()).newPage();
      // Microgrid takes half of the processor's cores, and a machine with two would have one thread only.
      await pretendCores(page, 2 * threads);
      await page.goto(site.url);
      await page.waitForFunction((name) => name in window, ready);
      return page;
    };
    const contestants: Contestant[] = [];
    const about = { files, question: model.question, threads };
    for (const [runtime, format, place] of model.runs) {
      if (runtime === TRANSFORMERS && !hasTransformers(files)) continue;
      const page = await (runtime === MICROGRID ? open(ours, "onnx") : open(rivals, "rivals"));
      const load = { [MICROGRID]: microgrid, [BARE]: bareWllama, [TRANSFORMERS]: transformers }[runtime];
      contestants.push(await load(page, format, place, about));
    }
    const session = await browser.browser.newBrowserCDPSession();
    const processorMs = async (): Promise<number> => {
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      return 1000 * processInfo.reduce((sum, { type, cpuTime }) => sum + (type === "renderer" ? cpuTime : 0), 0);
    };
    const rounds: Measured[][] = [];
    for (let round = -1; round < context.times(ROUNDS); round++) {
      const order = round % 2 === 0 ? contestants : contestants.toReversed();
      const results = new Map<Contestant, Measured>();
      for (const contestant of order) {
        results.set(contestant, {
          ...(await timed(contestant, processorMs)),
          bytesPerSecond: await contestant.page.evaluate(processorCopyRate, contestant.weightBytes),
        });
      }
      if (round >= 0) rounds.push(contestants.map((contestant) => results.get(contestant)!));
      const rates = contestants.map((each) => {
        const { decode, processorMs: ms } = results.get(each)!;
        return `${each.name} ${decode.toFixed(1)} (${ms.toFixed(1)})`;
      });
      context.say(`${model.name}, ${threadsText(threads)}, round ${round + 1}, tokens/s (ms): ${rates.join("; ")}`);
    }
    return linesOf(`${model.name}, ${threadsText(threads)}`, contestants, rounds);
  } finally {
    await browser.process.kill();
    await Promise.all([ours.close(), rivals.close()]);
  }
}

const threadsText = (threads: number): string => (threads === 1 ? "one thread" : `${threads} threads`);

/** Tokens per second after the first, milliseconds until the first, and those of all processors that each further one takes. */
interface Rates {
  readonly decode: number;
  readonly firstMs: number;
  readonly processorMs: number;
}

type Measured = Rates & { readonly bytesPerSecond: number };

/** The processor's clock goes on only while this page computes, as all others are idle, so other programs change little in it. */
async function timed(contestant: Contestant, processorMs: () => Promise<number>): Promise<Rates> {
  const start = await processorMs();
  const { length } = (await contestant.answer(SHORT)).at;
  const middle = await processorMs();
  const answer = await contestant.answer();
  const more = (await processorMs()) - middle - (middle - start);
  return {
    decode: decodeRate(answer),
    firstMs: firstTokenMs(answer),
    processorMs: more / (answer.at.length - length),
  };
}

function linesOf(what: string, contestants: readonly Contestant[], rounds: readonly Measured[][]): Line[] {
  const median = (figure: keyof Rates, index: number): number =>
    spread(rounds.map((round) => round[index]![figure])).median;
  const lines = contestants.map(({ name, weightBytes }, index): Line => {
    const rates = rounds.map((round) => round[index]!.decode);
    const ceilings = rounds.map((round) => round[index]!.bytesPerSecond / weightBytes);
    return {
      name: `${what}: ${name}`,
      unit: "tokens/s",
      measured: spread(rates),
      other: { name: "memory / weights", unit: "tokens/s", value: spread(ceilings) },
      ratio: pairedRatio(rates, ceilings),
      notes: [
        `First token after ${median("firstMs", index).toFixed(0)} ms; a token takes ${median("processorMs", index).toFixed(1)} ms of processor time.`,
      ],
    };
  });
  const best = (ours: boolean): number[] =>
    rounds.map((round) =>
      Math.max(...round.filter((_, index) => contestants[index]!.ours === ours).map(({ decode }) => decode)),
    );
  const [mine, theirs] = [best(true), best(false)];
  const leastMs = (ours: boolean): number[] =>
    rounds.map((round) =>
      Math.min(...round.filter((_, index) => contestants[index]!.ours === ours).map(({ processorMs }) => processorMs)),
    );
  const byProcessor = pairedRatio(leastMs(false), leastMs(true)).median;
  const total: Line = {
    name: `${what}: Microgrid's best engine`,
    unit: "tokens/s",
    measured: spread(mine),
    other: { name: "best of the others", unit: "tokens/s", value: spread(theirs) },
    ratio: pairedRatio(mine, theirs),
    target: { of: "ratio", at: "least", value: 1 },
    notes: [`By processor time: ${byProcessor.toFixed(2)} times as fast.`],
  };
  return [...lines, total];
}

/** The real weights in all variants, and the prompt in SmolLM2's own chat format. */
async function smollm2(): Promise<Model> {
  const text = "Tell me a long story about a robot and a lighthouse.";
  const system = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n";
  const files = new Map<string, Uint8Array>([["/made/gguf/model.gguf", readFileSync(ggufPath("smollm2-135m"))]]);
  for (const precision of ["q8", "fp32"] as const) {
    const { folder, files: paths } = await variant("smollm2-135m", precision, "inline");
    for (const path of paths) files.set(`/made/${precision}/${path}`, readFileSync(join(folder, path)));
  }
  const gguf = { folder: "made/gguf", file: "model.gguf" };
  const q8 = { folder: "made/q8", file: "onnx/model_quantized.onnx" };
  const fp32 = { folder: "made/fp32", file: "onnx/model.onnx" };
  return {
    name: "SmolLM2-135M",
    question: { text, prompt: `${system}${asked(text)}`, tokens: 32 },
    files,
    runs: [
      [MICROGRID, "onnx, q8", q8],
      [MICROGRID, "onnx, fp32", fp32],
      [MICROGRID, "wllama, Q4_1", gguf],
      [BARE, "Q4_1", gguf],
      [TRANSFORMERS, "fp32", fp32],
      [TRANSFORMERS, "q8", q8],
    ],
  };
}

/** The embedded model as it is, and as a GGUF file with the same codes. */
function guide(): Model {
  const files = new Map<string, Uint8Array>([["/made/guide-gguf/model.gguf", guideGguf("q4_0")]]);
  for (const path of [...GUIDE_FILES, "onnx/model_q4.onnx", "onnx/model_q4.onnx_data"]) {
    files.set(`/made/guide/${path}`, readFileSync(join(ROOT, "public", "models", "guide", path)));
  }
  const graph = { folder: "made/guide", file: "onnx/model_q4.onnx" };
  const gguf = { folder: "made/guide-gguf", file: "model.gguf" };
  return {
    name: "Guide",
    question: { text: STORY, prompt: asked(STORY), tokens: 120 },
    files,
    runs: [
      [MICROGRID, "onnx, q4", graph],
      [MICROGRID, "wllama, Q4_0", gguf],
      [BARE, "Q4_0", gguf],
      [TRANSFORMERS, "q4", graph],
    ],
  };
}

/** A question in the chat format that both models share. */
const asked = (text: string): string => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;
