/** Running pipelines: the ring at the consumer, stages at those who hold them, and what both load. */
export type { OpenStage, StageRequest } from "./hosted-stage";
export { type WeightSource, stagePackage, stagePart } from "./packages";
export { ReadWeights } from "./read-weights";
export { Ring, type RingState } from "./ring";
export type { RingStage, StageSource } from "./ring-member";
export { StageServer } from "./stage-server";
