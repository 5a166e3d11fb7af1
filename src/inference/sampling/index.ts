/** Choosing tokens: filters, seeded randomness, log probabilities. */
export { tokenLogprob } from "./logprobs";
export { philox, randomSeed, uniformAt } from "./random";
export { likeliest, sampleToken } from "./sampler";
export { DEFAULT_SAMPLING, chosenSampling } from "./settings";
export type { ResolvedRequest } from "./settings";
