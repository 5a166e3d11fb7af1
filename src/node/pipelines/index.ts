/** Models that a node runs together with its room: planning, forming, answering, and holding layers for others. */
export { roomCapacity } from "./capacity";
export type { RoomCapacity } from "./capacity";
export { spareBytes } from "./memory";
export { NodePipelines } from "./node-pipelines";
export type { WantedPipeline } from "./restoring";
