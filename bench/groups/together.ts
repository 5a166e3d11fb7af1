/** Several answers at once with real weights on the CPU: what they make together, against one answer alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { serveBarePage } from "../../e2e/harness/bare-pages";
import { pretendCores } from "../../e2e/harness/cores";
import { variant } from "../../scripts/real-models/index";
import { haveWeights } from "../../scripts/real-models/testing";
import type { Group, GroupContext } from "../group";
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";

const ROUNDS = 3;
const TOKENS = 32;
/** Answers at once; the last has the target. */
const COUNTS = [1, 2, 4, 8] as const;
const PRECISIONS = { fp32: "onnx/model.onnx", q4: "onnx/model_q4.onnx" } as const;
const WANTED_RATIO = 4;
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** One round with a number of answers. */
interface Round {
  /** Tokens per second of all answers together, while every one of them runs. */
  readonly rate: number;
  /** The longest that any answer waited for its next token, in ms. */
  readonly pauseMs: number;
}

export const together: Group = async (context) => {
  if (!haveWeights) {
    context.say("The weights of SmolLM2-135M are not here: npm run real:models brings them. Left out.");
    return [];
  }
  const lines: Line[] = [];
  for (const threads of [1, 2]) {
    for (const precision of Object.keys(PRECISIONS) as (keyof typeof PRECISIONS)[]) {
      lines.push(...(await measure(context, precision, threads)));
    }
  }
  return lines;
};

async function measure(
  context: GroupContext,
  precision: keyof typeof PRECISIONS,
  threads: number,
): Promise<readonly Line[]> {
  const { folder, files } = await variant("smollm2-135m", precision, "inline");
  const made = new Map(files.map((path) => [`/made/model/${path}`, readFileSync(join(folder, path))]));
  const site = await serveBarePage("onnx-page", { made, headers: threads > 1 ? ISOLATED : {} });
  const browser = await context.stage.ownBrowser();
  try {
    const page = await (await browser.browser.newContext()).newPage();
    await pretendCores(page, 2 * threads);
    await page.goto(site.url);
    await page.waitForFunction(() => "onnx" in window);
    const { id } = await page.evaluate(([graph, paths]) => window.onnx.load("made/model", graph, paths, "wasm"), [
      PRECISIONS[precision],
      files,
    ] as const);
    const rounds: Map<number, Round>[] = [];
    for (let round = -1; round < context.times(ROUNDS); round++) {
      const results = new Map<number, Round>();
      for (const count of round % 2 === 0 ? COUNTS : COUNTS.toReversed()) {
        results.set(count, roundOf(await answers(page, id, count)));
      }
      // The first compiles, and tries each number of answers against each answer alone.
      if (round >= 0) rounds.push(results);
      context.say(`${precision} with ${threads} ${threads === 1 ? "thread" : "threads"}: round ${round + 1} is done`);
    }
    return linesOf(rounds, `SmolLM2-135M, ${precision}, ${threads === 1 ? "one thread" : `${threads} threads`}`);
  } finally {
    await browser.process.kill();
    await site.close();
  }
}

/** The times of every token of `count` answers that are asked for at once. */
function answers(page: Page, model: string, count: number): Promise<readonly (readonly number[])[]> {
  return page.evaluate(
    ([id, many, maxTokens]) => {
      const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
      return Promise.all(
        Array.from({ length: many }, async (_, index) => {
          const content = `Tell me a long story about a robot and lighthouse number ${index}.`;
          const request = { model: id, messages: [{ role: "user", content }] as const, sampling, maxTokens };
          const at: number[] = [];
          const { signal } = new AbortController();
          // Another asker each time makes the prompt be read again.
          for await (const event of window.onnx.engines.generate(
            { ...request, asker: crypto.randomUUID() },
            { signal },
          )) {
            if (event.type === "token") at.push(...event.ids.map(() => performance.now()));
          }
          return at;
        }),
      );
    },
    [model, count, TOKENS] as const,
  );
}

function roundOf(answers: readonly (readonly number[])[]): Round {
  const from = Math.max(...answers.map(([first = NaN]) => first));
  const to = Math.min(...answers.map((at) => at.at(-1) ?? NaN));
  const tokens = answers.flat().filter((time) => time > from && time <= to).length;
  const pauses = answers.flatMap((at) => at.slice(1).map((time, index) => time - at[index]!));
  return { rate: (1000 * tokens) / (to - from), pauseMs: Math.max(...pauses) };
}

function linesOf(rounds: readonly Map<number, Round>[], where: string): Line[] {
  const rates = (count: number): number[] => rounds.map((round) => round.get(count)!.rate);
  return COUNTS.filter((count) => count > 1).map((count): Line => {
    const pauses = rounds.map((round) => round.get(count)!.pauseMs);
    return {
      name: `${where}: ${count} answers at once`,
      unit: "tokens/s",
      measured: spread(rates(count)),
      other: { name: "one answer", unit: "tokens/s", value: spread(rates(1)) },
      ratio: pairedRatio(rates(count), rates(1)),
      ...(count === COUNTS.at(-1) && { target: { of: "ratio", at: "least", value: WANTED_RATIO } as const }),
      notes: [`Longest pause in one of them, while others begin: ${Math.round(spread(pauses).median)} ms.`],
    };
  });
}
