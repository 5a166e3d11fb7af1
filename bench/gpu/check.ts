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
  tokens: { readonly alone: number; readonly together: number },
): Promise<string | undefined> {
  const textOf = (ids: readonly number[]): string => ids.join(" ");
  const expected: (readonly number[])[] = [];
  for (const prompt of prompts) {
    const answers = await cpu.answer([prompt], Math.max(tokens.alone, tokens.together));
    expected.push(...answers.map(({ ids }) => ids));
  }
  const found: [how: string, ids: string, wanted: string][] = [];
  for (const [index, prompt] of prompts.entries()) {
    const [alone] = await gpu.answer([prompt], tokens.alone);
    found.push(["alone", textOf(alone!.ids), textOf(expected[index]!.slice(0, tokens.alone))]);
  }
  const all = await gpu.answer(prompts, tokens.together);
  for (const [index, { ids }] of all.entries()) {
    found.push(["with others", textOf(ids), textOf(expected[index]!.slice(0, tokens.together))]);
  }
  const wrong = found.find(([, ids, wanted]) => ids !== wanted || ids === "");
  return wrong && `the prompt that was answered ${wrong[0]} has ${wrong[1]} on the GPU and ${wrong[2]} on the CPU`;
}
