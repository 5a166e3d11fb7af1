/** Compares greedy answers on the GPU with those on the CPU, which has other kernels. */
import type { Prompt } from "./prompts";
import type { Runtime } from "./runtime";

/**
 * How the GPU's answers differ from the CPU's, each alone and all at once; undefined if they are the same. Only for models that
 * compute in 32 bits: with 16, one token may be as likely as another.
 */
export async function greedyDifference(
  gpu: Runtime,
  cpu: Runtime,
  prompts: readonly Prompt[],
  tokens: number,
): Promise<string | undefined> {
  const textOf = (ids: readonly number[]): string => ids.join(" ");
  const expected: string[] = [];
  for (const prompt of prompts) expected.push(...(await cpu.answer([prompt], tokens)).map(({ ids }) => textOf(ids)));
  const found: [how: string, ids: string, wanted: string][] = [];
  for (const [index, prompt] of prompts.entries()) {
    const [alone] = await gpu.answer([prompt], tokens);
    found.push([`alone, ${prompt.tokens} tokens`, textOf(alone!.ids), expected[index]!]);
  }
  const all = await gpu.answer(prompts, tokens);
  for (const [index, { ids }] of all.entries()) found.push(["with others", textOf(ids), expected[index]!]);
  const wrong = found.find(([, ids, wanted]) => ids !== wanted || ids === "");
  return wrong && `the prompt that was answered ${wrong[0]} has ${wrong[1]} on the GPU and ${wrong[2]} on the CPU`;
}
