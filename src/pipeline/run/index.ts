/** Running pipelines: the ring at the consumer, stages at those who hold them, and what both load. */
export type { OpenStage, StageRequest } from "./hosted-stage";
export { type WeightSource, stagePackage, stagePart } from "./packages";
export { Ring, type RingState } from "./ring";
export type { RingSeat, RingStage, StageSource } from "./ring-seat";
export { StageHost } from "./stage-host";
