/** Models that a node runs together with its room: planning, forming, answering, and holding layers for others. */
export { diskBytes, roomCapacity, spareBytes } from "./capacity";
export type { RoomCapacity } from "./capacity";
export { graphWorkers } from "./graph-worker";
export { NodePipelines } from "./node-pipelines";
