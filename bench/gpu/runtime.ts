/** Runtimes with a model in them: Microgrid's engine `onnx`, and transformers.js. */
import type { Browser } from "@playwright/test";
import type { Backend } from "../../src/inference";
import { TRANSFORMERS_FOLDER } from "../transformers";
import type { Prompt } from "./prompts";
import type { RandomModel } from "./random-model";
import type { GpuSite } from "./site";

/** A greedy answer: its tokens, and when they came, in milliseconds. */
export interface TimedAnswer {
  readonly startedAt: number;
  readonly at: readonly number[];
  /** Empty if the runtime does not tell. */
  readonly ids: readonly number[];
}

/** A runtime with a model in it, in a page of its own. */
export interface Runtime {
  /** Answers to all prompts at once, with this many tokens each. */
  answer(prompts: readonly Prompt[], tokens: number): Promise<readonly TimedAnswer[]>;
  /** Closes the page, whatever it does. */
  close(): Promise<void>;
}

/** Where a model is opened. */
interface Place {
  readonly site: GpuSite;
  readonly browser: Browser;
  readonly model: RandomModel;
}

/** Microgrid's engine, through the interface that the app uses. */
export async function microgrid({ site, browser, model }: Place, backend: Backend): Promise<Runtime> {
  const folder = site.put(model);
  const page = await site.open(browser, "onnx-page");
  const close = (): Promise<void> => page.context().close();
  const paths = [...model.files.keys()];
  const id = await closedOnError(close, () =>
    page.evaluate(async ([where, graph, files, on]) => (await window.onnx.load(`made/${where}`, graph, files, on)).id, [
      folder,
      model.graph,
      paths,
      backend,
    ] as const),
  );
  return {
    close,
    answer: (prompts, maxTokens) =>
      page.evaluate(
        ([name, texts, count]) => {
          const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
          const answers = texts.map(async (content): Promise<TimedAnswer> => {
            const startedAt = performance.now();
            const [at, ids]: [number[], number[]] = [[], []];
            // Another asker each time makes the prompt be read again.
            const asked = { model: name, messages: [{ role: "user", content } as const], asker: crypto.randomUUID() };
            const { signal } = new AbortController();
            for await (const event of window.onnx.engines.generate(
              { ...asked, sampling, maxTokens: count },
              { signal },
            )) {
              if (event.type !== "token") continue;
              at.push(...event.ids.map(() => performance.now()));
              ids.push(...event.ids);
            }
            return { startedAt, at, ids };
          });
          return Promise.all(answers);
        },
        [id, prompts.map(({ text }) => text), maxTokens] as const,
      ),
  };
}

/** transformers.js on the same files. It answers one prompt at a time. */
export async function transformers({ site, browser, model }: Place): Promise<Runtime> {
  const folder = site.put(model);
  const page = await site.open(browser, "rivals-page");
  const close = (): Promise<void> => page.context().close();
  const options = { model: folder, dtype: model.dtype, threads: 1, device: "webgpu", external: true } as const;
  await closedOnError(close, () =>
    page.evaluate(([library, how]) => window.rivals.transformers(library, "made/", how), [
      TRANSFORMERS_FOLDER,
      options,
    ] as const),
  );
  return {
    close,
    async answer(prompts, tokens) {
      const answers: TimedAnswer[] = [];
      for (const { written } of prompts) {
        const timed = await page.evaluate(([prompt, count]) => window.rivals.answer(prompt, count), [
          written,
          tokens,
        ] as const);
        answers.push({ ...timed, ids: [] });
      }
      return answers;
    },
  };
}

async function closedOnError<T>(close: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await close();
    throw error;
  }
}
