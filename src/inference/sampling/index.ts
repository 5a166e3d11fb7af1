/** Choosing tokens: filters, seeded randomness, log probabilities. */
export { MAX_LOGPROBS, tokenLogprob } from "./logprobs";
export { philox, randomSeed, uniformAt } from "./random";
export { likeliest, sampleToken } from "./sampler";
