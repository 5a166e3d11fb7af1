/** Runtimes of language models in pages of their own, each with a model in it: Microgrid's engines, and others beside them. */
import type { Page } from "@playwright/test";
import type { RivalAnswer } from "../e2e/rivals-page/main";
import { TRANSFORMERS_FOLDER } from "./transformers";

/** Files by their paths on a page's site. */
type SiteFiles = ReadonlyMap<string, Uint8Array>;

/** A model's folder on the site, and its graph or GGUF file in there. */
export interface SiteModel {
  readonly folder: string;
  readonly file: string;
}

/** A question to a model, as a message and as the text that the model reads. */
export interface Question {
  readonly text: string;
  readonly prompt: string;
  /** Most tokens of the answer. */
  readonly tokens: number;
}

/** A runtime with the model in it. */
export interface Contestant {
  readonly name: string;
  readonly ours: boolean;
  readonly page: Page;
  /** Bytes that a token needs at least: those of the weights. */
  readonly weightBytes: number;
  /** Answers with as many tokens as asked for, by default all that the question allows. */
  answer(tokens?: number): Promise<RivalAnswer>;
}

/** One of Microgrid's engines, in the bare page of the engines: a GGUF file is one for llama.cpp. */
export async function microgrid(
  page: Page,
  name: string,
  { folder, file }: SiteModel,
  { files, question }: { readonly files: SiteFiles; readonly question: Question },
): Promise<Contestant> {
  const needed = (path: string): boolean => !isWeights(path) || path.startsWith(file);
  const paths = [...files.keys()].flatMap((path) => {
    const inFolder = path.slice(folder.length + 2);
    return path.startsWith(`/${folder}/`) && needed(inFolder) ? inFolder : [];
  });
  const id = await page.evaluate(async ([where, lead, all]) => (await window.onnx.load(where, lead, all, "wasm")).id, [
    folder,
    file,
    paths,
  ] as const);
  const answer = (tokens = question.tokens): Promise<RivalAnswer> =>
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
      [id, question.text, tokens] as const,
    );
  return { name: `Microgrid, ${name}`, ours: true, page, weightBytes: weightsOf(files, { folder, file }), answer };
}

/** llama.cpp in the browser, as its own documentation uses it. */
export async function bareWllama(
  page: Page,
  name: string,
  model: SiteModel,
  { files, question, threads }: { readonly files: SiteFiles; readonly question: Question; readonly threads: number },
): Promise<Contestant> {
  await page.evaluate(([path, count]) => window.rivals.wllama(path, count), [
    `${model.folder}/${model.file}`,
    threads,
  ] as const);
  return rival(page, `bare wllama, ${name}`, question, weightsOf(files, model));
}

/** Transformers.js on the CPU. `dtype` names the variant of the model in its own words. */
export async function transformers(
  page: Page,
  dtype: string,
  model: SiteModel,
  { files, question, threads }: { readonly files: SiteFiles; readonly question: Question; readonly threads: number },
): Promise<Contestant> {
  const [models, name] = [model.folder.replace(/[^/]+$/, ""), model.folder.replace(/^.*\//, "")];
  const external = files.has(`/${model.folder}/${model.file}_data`);
  const options = { model: name, dtype, threads, device: "wasm", external } as const;
  await page.evaluate(([library, folder, all]) => window.rivals.transformers(library, folder, all), [
    TRANSFORMERS_FOLDER,
    models,
    options,
  ] as const);
  return rival(page, `transformers.js, ${dtype}`, question, weightsOf(files, model));
}

function rival(page: Page, name: string, question: Question, weightBytes: number): Contestant {
  const answer = (tokens = question.tokens): Promise<RivalAnswer> =>
    page.evaluate(([text, count]) => window.rivals.answer(text, count), [question.prompt, tokens] as const);
  return { name, ours: false, page, weightBytes, answer };
}

/** Bytes of the files that hold weights. */
function weightsOf(files: SiteFiles, { folder, file }: SiteModel): number {
  return [...files].reduce(
    (sum, [path, { length }]) => sum + (path.startsWith(`/${folder}/${file}`) && isWeights(path) ? length : 0),
    0,
  );
}

const isWeights = (path: string): boolean => /\.(onnx|onnx_data|gguf)$/.test(path);
