/** The house of a node: kept on this device, joined by texts, asked for from any tab. */
export { NodeHouse } from "./node-house";
export { parseHouseData } from "./record";
export type { HouseData } from "./record";
export { requestText } from "./texts";
export type { DelegationTerms } from "./types";
