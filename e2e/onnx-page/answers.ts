/** The page with the `onnx` engine: opening it, loading models, and comparing their answers. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { Backend, ChatMessage, LoadedModelInfo } from "../../src/inference";
import type { RandomModelOptions } from "../../src/inference/testing";
import { expect } from "../harness";
import type { OnnxSite, SiteModel } from "./site";

interface GoldenItem {
  readonly messages: readonly ChatMessage[];
  readonly prompt_ids: readonly number[];
  readonly completion_ids: readonly number[];
  readonly completion: string;
}

export const golden = (
  JSON.parse(readFileSync(new URL("../fixtures/golden.json", import.meta.url), "utf8")) as { items: GoldenItem[] }
).items;
export const STORY = [{ role: "user", content: "Tell me a story about a robot" }] as const;

export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => "onnx" in window);
}

export function load(page: Page, model: SiteModel, backend: Backend): Promise<LoadedModelInfo> {
  return page.evaluate(([m, b]) => window.onnx.load(m.folder, m.graph, m.files, b), [model, backend] as const);
}

/** Loads random models of the same weights one after another; all must give the same answer. Returns the result of each load. */
export async function expectSameAnswers(
  site: OnnxSite,
  page: Page,
  backend: Backend,
  variants: readonly Omit<RandomModelOptions, "seed">[],
): Promise<LoadedModelInfo[]> {
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.3 };
  const messages = [
    {
      role: "user",
      content:
        "a prompt that is long enough to be read in more than one chunk, and then there is a little bit more of it",
    },
  ] as const;
  const infos: LoadedModelInfo[] = [];
  let expected: readonly number[] | undefined;
  for (const [index, options] of variants.entries()) {
    const name = `${backend}-${index}`;
    infos.push(await load(page, site.addRandomModel(name, { seed: 9, ...options }), backend));
    const answer = await page.evaluate(([id, request]) => window.onnx.answer(id, request), [
      name,
      { messages, sampling, maxTokens: 12 },
    ] as const);
    expect(answer.error).toBeUndefined();
    expected ??= answer.ids;
    expect(new Set(expected).size).toBeGreaterThan(6);
    expect(answer.ids, name).toEqual(expected);
    await expectSameAtOnce(page, name);
    await page.evaluate((id) => window.onnx.unload(id), name);
  }
  return infos;
}

/** Asks three questions of different lengths one after another and then at once: the answers are the same. */
export async function expectSameAtOnce(page: Page, model: string): Promise<void> {
  const { alone, together } = await page.evaluate(async (id) => {
    const ask = async (index: number): Promise<readonly (number | string)[]> => {
      const messages = [{ role: "user", content: `${"another word ".repeat(2 * index)}and number ${index}` }] as const;
      const { ids, error } = await window.onnx.answer(id, { messages, maxTokens: 4 + index });
      return error ? [error.message] : ids;
    };
    return {
      alone: [await ask(0), await ask(1), await ask(2)],
      together: await Promise.all([ask(0), ask(1), ask(2)]),
    };
  }, model);
  expect(alone.map(({ length }) => length)).toEqual([4, 5, 6]);
  expect(together, model).toEqual(alone);
}
