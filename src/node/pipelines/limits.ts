/** Limits that all pipelines share, and the size of their steps. */
import type { SplitModel } from "../../pipeline";
import { MAX_HIDDEN_BYTES } from "../../room";

/** Maximum length of a prompt and its answer together, in tokens; each stage reserves memory for it. */
export const MAX_CONTEXT = 4_096;
/** The context length of a model that does not state it. */
export const ASSUMED_CONTEXT = 2_048;
/** Default number of texts that all stages keep at once: the one being answered, and the one before. */
export const SEQUENCES = 2;
/** Maximum number of such texts. */
export const MAX_SEQUENCES = 16;
/** Tokens of a step: few enough for stages to overlap in a prompt, many enough to keep a GPU busy. */
const STEP_TOKENS = 32;

/** Tokens that travel in one step. */
export function stepTokensOf(model: SplitModel): number {
  return Math.max(1, Math.min(STEP_TOKENS, Math.floor(MAX_HIDDEN_BYTES / model.planModel.hiddenBytes)));
}
