/** The node: everything that exists once per browser. It runs in one tab; `grid` reaches it from every tab. */
export { readKept, writeKept } from "./local-store";
export type { GridConfig } from "./config";
export { parseHouseData, requestText } from "./house";
export { type NetworkOverride, parsePatch } from "./network";
export type { Capabilities, NodeApi, RoomApi, PipelinesApi } from "./api";
export { FieldsArgument, TextArgument, checkArgument } from "./arguments";
export { followNode, isNodeLost } from "./follow";
export { GridNode, type NodeOptions } from "./node";
export { type RoomCapacity, diskBytes, roomCapacity, spareBytes } from "./pipelines";
export { Delivered, LOSSES } from "./routing";
export { PolicySchema } from "./schemas";
export { recallPreferences } from "./session-memory";
export type { StatePatch } from "./state-store";
export type * from "./types";
