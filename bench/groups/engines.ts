/** Real weights on the CPU: each engine of Microgrid and other runtimes in one run, with what memory allows beside them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { serveBarePage } from "../../e2e/harness/bare-pages";
import { pretendCores } from "../../e2e/harness/cores";
import type { WebServer } from "../../e2e/harness/servers";
import type { RivalAnswer } from "../../e2e/rivals-page/main";
import { ggufPath, variant } from "../../scripts/real-models/index";
import { haveWeights } from "../../scripts/real-models/testing";
import { processorCopyRate } from "../bandwidth";
import type { Group, GroupContext } from "../group";
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";
import { hasTransformers, TRANSFORMERS_FOLDER, TRANSFORMERS_HINT, transformersFiles } from "../transformers";

const ROUNDS = 5;
const TOKENS = 32;
const QUESTION = "Tell me a long story about a robot and a lighthouse.";
/** SmolLM2's chat format, which runtimes read as it is. */
const PROMPT = `<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\n${QUESTION}<|im_end|>\n<|im_start|>assistant\n`;
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** A runtime with the model in it. */
interface Contestant {
  readonly name: string;
  readonly ours: boolean;
  readonly page: Page;
  /** Bytes that a token needs at least: those of the weights. */
  readonly weightBytes: number;
  answer(): Promise<RivalAnswer>;
}

export const engines: Group = async (context) => {
  if (!haveWeights) {
    context.say("The weights of SmolLM2-135M are not here: npm run real:models brings them. Left out.");
    return [];
  }
  const files = await modelFiles();
  return [...(await measure(context, files, 1)), ...(await measure(context, files, 2))];
};

async function measure(context: GroupContext, files: Map<string, Uint8Array>, threads: number): Promise<Line[]> {
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
    const contestants = [
      await microgrid(await open(ours, "onnx"), "Microgrid, onnx, 8 bits", "made/int8", "onnx/model_int8.onnx", files),
      await microgrid(await open(ours, "onnx"), "Microgrid, onnx, fp32", "made/fp32", "onnx/model.onnx", files),
      await microgrid(await open(ours, "onnx"), "Microgrid, wllama, Q4_1", "made/gguf", "model.gguf", files),
      await bareWllama(await open(rivals, "rivals"), threads, files),
      ...(hasTransformers(files) ? [await transformers(await open(rivals, "rivals"), threads, files)] : []),
    ];
    if (contestants.length < 5) context.say(TRANSFORMERS_HINT);
    const rounds: Measured[][] = [];
    for (let round = -1; round < context.times(ROUNDS); round++) {
      const order = round % 2 === 0 ? contestants : contestants.toReversed();
      const results = new Map<Contestant, Measured>();
      for (const contestant of order) {
        const rate = rateOf(await contestant.answer());
        results.set(contestant, {
          ...rate,
          bytesPerSecond: await contestant.page.evaluate(processorCopyRate, contestant.weightBytes),
        });
      }
      if (round >= 0) rounds.push(contestants.map((contestant) => results.get(contestant)!));
      context.say(`round ${round + 1} with ${threads} ${threads === 1 ? "thread" : "threads"} is done`);
    }
    return linesOf(contestants, rounds, threads);
  } finally {
    await browser.process.kill();
    await Promise.all([ours.close(), rivals.close()]);
  }
}

/** Tokens per second after the first, and milliseconds until the first. */
interface Rates {
  readonly decode: number;
  readonly firstMs: number;
}

type Measured = Rates & { readonly bytesPerSecond: number };

function rateOf({ at, startedAt }: RivalAnswer): Rates {
  const [first = NaN, last = NaN] = [at[0], at.at(-1)];
  return { decode: (1000 * (at.length - 1)) / (last - first), firstMs: first - startedAt };
}

function linesOf(contestants: readonly Contestant[], rounds: readonly Measured[][], threads: number): Line[] {
  const where = threads === 1 ? "one thread" : `${threads} threads`;
  const lines = contestants.map(({ name, weightBytes }, index): Line => {
    const rates = rounds.map((round) => round[index]!.decode);
    const ceilings = rounds.map((round) => round[index]!.bytesPerSecond / weightBytes);
    return {
      name: `SmolLM2-135M, ${where}: ${name}`,
      unit: "tokens/s",
      measured: spread(rates),
      other: { name: "memory / weights", unit: "tokens/s", value: spread(ceilings) },
      ratio: pairedRatio(rates, ceilings),
      notes: [`First token after ${Math.round(spread(rounds.map((round) => round[index]!.firstMs)).median)} ms.`],
    };
  });
  const best = (ours: boolean): number[] =>
    rounds.map((round) =>
      Math.max(...round.filter((_, index) => contestants[index]!.ours === ours).map(({ decode }) => decode)),
    );
  const [mine, theirs] = [best(true), best(false)];
  const total: Line = {
    name: `SmolLM2-135M, ${where}: Microgrid's best engine`,
    unit: "tokens/s",
    measured: spread(mine),
    other: { name: "best of the others", unit: "tokens/s", value: spread(theirs) },
    ratio: pairedRatio(mine, theirs),
    target: { of: "ratio", at: "least", value: 1 },
  };
  return [...lines, total];
}

async function microgrid(
  page: Page,
  name: string,
  folder: string,
  graph: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Contestant> {
  const paths = [...files.keys()].flatMap((path) =>
    path.startsWith(`/${folder}/`) ? path.slice(folder.length + 2) : [],
  );
  const id = await page.evaluate(async ([where, lead, all]) => (await window.onnx.load(where, lead, all, "wasm")).id, [
    folder,
    graph,
    paths,
  ] as const);
  return {
    ...{ name, ours: true, page, weightBytes: weightsOf(files, folder) },
    answer: () =>
      page.evaluate(
        async ([model, text, maxTokens]) => {
          const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
          const messages = [{ role: "user", content: text }] as const;
          const at: number[] = [];
          const startedAt = performance.now();
          // Another asker each time makes the prompt be read again.
          const asked = { model, messages, sampling, maxTokens, asker: crypto.randomUUID() };
          const { signal } = new AbortController();
          for await (const event of window.onnx.engines.generate(asked, { signal })) {
            if (event.type === "token") at.push(...event.ids.map(() => performance.now()));
          }
          return { at, startedAt };
        },
        [id, QUESTION, TOKENS] as const,
      ),
  };
}

async function bareWllama(page: Page, threads: number, files: ReadonlyMap<string, Uint8Array>): Promise<Contestant> {
  await page.evaluate(([model, count]) => window.rivals.wllama(model, count), [
    "made/gguf/model.gguf",
    threads,
  ] as const);
  return rival(page, "bare wllama, Q4_1", weightsOf(files, "made/gguf"));
}

async function transformers(page: Page, threads: number, files: ReadonlyMap<string, Uint8Array>): Promise<Contestant> {
  await page.evaluate(
    ([library, count]) => {
      const options = { model: "fp32", dtype: "fp32", threads: count, device: "wasm", external: false } as const;
      return window.rivals.transformers(library, "made/", options);
    },
    [TRANSFORMERS_FOLDER, threads] as const,
  );
  return rival(page, "transformers.js, fp32", weightsOf(files, "made/fp32"));
}

function rival(page: Page, name: string, weightBytes: number): Contestant {
  const answer = (): Promise<RivalAnswer> =>
    page.evaluate(([prompt, count]) => window.rivals.answer(prompt, count), [PROMPT, TOKENS] as const);
  return { name, ours: false, page, weightBytes, answer };
}

/** The model in both formats, and transformers.js if it is installed, by their paths on the site. */
async function modelFiles(): Promise<Map<string, Uint8Array>> {
  const made = new Map<string, Uint8Array>(transformersFiles());
  for (const precision of ["int8", "fp32"] as const) {
    const { folder, files } = await variant("smollm2-135m", precision, "inline");
    for (const path of files) made.set(`/made/${precision}/${path}`, readFileSync(join(folder, path)));
  }
  made.set("/made/gguf/model.gguf", readFileSync(ggufPath("smollm2-135m")));
  return made;
}

/** Bytes of the files that hold weights. */
function weightsOf(files: ReadonlyMap<string, Uint8Array>, folder: string): number {
  return [...files].reduce(
    (sum, [path, { length }]) => sum + (path.startsWith(`/${folder}/`) && /\.(onnx|gguf)$/.test(path) ? length : 0),
    0,
  );
}
