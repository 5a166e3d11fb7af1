/** What any tab can ask of the node about its house. */
import type { Bytes } from "../../core";
import type { DelegationTerms, NodeHouse } from "./node-house";
import type { HouseData } from "./record";

/** Arguments and results can be cloned. All of it can be asked twice, should the tab that runs the node be lost. */
export interface HouseCalls {
  /** Creating and restoring alike: the asking tab has made or read the secret, so that it cannot be lost on the way. */
  takeHouse: { args: { name: string; secret: Bytes }; result: void };
  delegate: { args: { request: string; terms: DelegationTerms }; result: string };
  adopt: { args: { delegation: string }; result: void };
  revoke: { args: { subject: string }; result: void };
  forgetHouseKey: { args: object; result: void };
  leaveHouse: { args: object; result: void };
  exportHouse: { args: object; result: HouseData };
  importHouse: { args: { data: HouseData }; result: void };
}

/** Answers them. */
export function houseMethods(house: NodeHouse): {
  [M in keyof HouseCalls]: (args: HouseCalls[M]["args"]) => Promise<HouseCalls[M]["result"]>;
} {
  return {
    takeHouse: ({ name, secret }) => house.take(name, secret),
    delegate: ({ request, terms }) => house.delegate(request, terms),
    adopt: ({ delegation }) => house.adopt(delegation),
    revoke: ({ subject }) => house.revoke(subject),
    forgetHouseKey: () => house.forgetKey(),
    leaveHouse: () => house.leave(),
    exportHouse: () => house.export(),
    importHouse: ({ data }) => house.import(data),
  };
}
