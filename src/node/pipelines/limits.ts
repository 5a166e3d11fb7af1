/** What all pipelines agree on, and how large their steps are. */
import type { SplitModel } from "../../pipeline";
import { MAX_HIDDEN_BYTES } from "../../room";

/** Longest prompt and answer together, in tokens: each stage keeps memory for it. */
export const MAX_CONTEXT = 4_096;
/** Where nothing tells how much a model reads. */
export const ASSUMED_CONTEXT = 2_048;
/** Texts that all stages keep in mind at once, where nobody says otherwise: the one being answered, and the one before. */
export const SEQUENCES = 2;
/** Most of them. */
export const MAX_SEQUENCES = 16;
/** Tokens of a step: few enough for stages to overlap in a prompt, many enough for a GPU to be busy. */
const STEP_TOKENS = 32;

/** Tokens that go around in one step. */
export function stepTokensOf(model: SplitModel): number {
  return Math.max(1, Math.min(STEP_TOKENS, Math.floor(MAX_HIDDEN_BYTES / model.planModel.hiddenBytes)));
}
