/** Running pipelines: the ring at the consumer, stages at those who hold them, and what both load. */
export { type WeightSource, stagePackage, stagePart, weightsOf } from "./packages";
export { Ring, type RingStage, type StageSource } from "./ring";
export { type OpenStage, StageHost, type StageRequest } from "./stage-host";
