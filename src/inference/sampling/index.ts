/** Choosing tokens: filters, seeded randomness, log probabilities. */
export { tokenLogprob } from "./logprobs";
export { randomSeed, uniformAt } from "./random";
export { sampleToken } from "./sampler";
export { DEFAULT_SAMPLING, chosenSampling } from "./settings";
export type { ResolvedRequest } from "./settings";
