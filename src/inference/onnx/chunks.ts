/** Long steps in pieces: not every backend computes as many tokens at once as a pipeline sends. */
import { concat } from "../../core";
import type { HiddenState } from "../stages";
import type { Step, StepResult, Wanted } from "./step";

/** Runs a step in pieces of at most `chunk` tokens, one after another, and joins their results. */
export async function runInChunks(
  run: (step: Step, wanted: Wanted) => Promise<StepResult>,
  chunk: number,
  step: Step,
  wanted: Wanted,
): Promise<StepResult> {
  if (step.count <= chunk) return run(step, wanted);
  const results: StepResult[] = [];
  for (let from = 0; from < step.count; from += chunk) {
    const to = Math.min(from + chunk, step.count);
    // Logits are wanted of the last tokens, which may lie in several pieces.
    const logits = Math.max(0, to - Math.max(from, step.count - wanted.logits));
    results.push(await run(pieceOf(step, from, to), { ...wanted, logits }));
  }
  return { logits: results.flatMap(({ logits }) => logits), hidden: joined(results.map(({ hidden }) => hidden)) };
}

function pieceOf({ ids, hidden, count }: Step, from: number, to: number): Step {
  return {
    count: to - from,
    ...(ids && { ids: ids.slice(from, to) }),
    ...(hidden && {
      hidden: hidden.map((tensor) => {
        const row = tensor.bytes.length / count;
        return { ...tensor, bytes: tensor.bytes.subarray(from * row, to * row) };
      }),
    }),
  };
}

function joined(pieces: readonly HiddenState[]): HiddenState {
  return (pieces[0] ?? []).map((tensor, index) => {
    return { ...tensor, bytes: concat(...pieces.map((piece) => piece[index]!.bytes)) };
  });
}
