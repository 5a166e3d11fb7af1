/** Measures one runtime with one model: prompts, an answer, and several answers at once. */
import type { Budget } from "./budget";
import type { Prompt } from "./prompts";
import { decodeRate, firstTokenMs, togetherRate } from "./rates";
import type { Runtime } from "./runtime";

/** How much is measured, apart from the prompts. */
export interface Extent {
  /** Numbers of answers that run at once. */
  readonly together: readonly number[];
  /** Tokens of an answer. */
  readonly tokens: number;
  /** Rounds that count, after those that do not. */
  readonly rounds: number;
  readonly warmUps: number;
}

/** The things to measure, and how often. */
export interface Plan extends Extent {
  /** Prompts by their lengths, the shortest first; an answer goes on from the first. */
  readonly prompts: readonly Prompt[];
  /** Short prompts, each another one, for answers at once. */
  readonly shortPrompts: readonly Prompt[];
}

/** The samples of one runtime, without those that were left out. */
export interface Samples {
  /** Milliseconds to the first token, by the length of the prompt. */
  readonly firstMs: ReadonlyMap<number, readonly number[]>;
  /** Tokens per second of one answer. */
  readonly decode: readonly number[] | undefined;
  /** Tokens per second of several answers in all, by their number. */
  readonly together: ReadonlyMap<number, { readonly rates: readonly number[]; readonly waited: boolean }>;
}

/** Measures all of the plan for which there is time. `name` begins the names of rows that are left out. */
export async function measure(name: string, runtime: Runtime, plan: Plan, budget: Budget): Promise<Samples> {
  const firstMs = new Map<number, readonly number[]>();
  const together = new Map<number, { rates: readonly number[]; waited: boolean }>();
  let longestMs = 0;
  const sampled = <T>(what: string, once: () => Promise<T>): Promise<T[] | undefined> =>
    budget.run(`${name}: ${what}`, (plan.warmUps + 1) * longestMs, async () => {
      const samples: T[] = [];
      for (let round = -plan.warmUps; round < plan.rounds; round++) {
        const startedAt = performance.now();
        const sample = await once();
        const ms = performance.now() - startedAt;
        longestMs = Math.max(longestMs, ms);
        if (round >= 0) samples.push(sample);
        if (round >= 0 && ms > budget.leftMs) break;
      }
      return samples;
    });
  for (const prompt of plan.prompts) {
    const rounds = await sampled(`prompt of ${prompt.tokens} tokens`, async () => {
      const [answer] = await runtime.answer([prompt], 1);
      return firstTokenMs(answer!);
    });
    if (rounds) firstMs.set(prompt.tokens, rounds);
  }
  const decode = await sampled("decode", async () => {
    const [answer] = await runtime.answer(plan.prompts.slice(0, 1), plan.tokens);
    return decodeRate(answer!);
  });
  for (const count of plan.together) {
    const rounds = await sampled(count === 1 ? "1 answer" : `${count} answers at once`, async () =>
      togetherRate(await runtime.answer(plan.shortPrompts.slice(0, count), plan.tokens)),
    );
    if (!rounds) continue;
    together.set(count, { rates: rounds.map(({ rate }) => rate), waited: rounds.some(({ waited }) => waited) });
  }
  return { firstMs, decode, together };
}
