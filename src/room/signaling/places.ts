/** The slots of an epoch on a day, as places where nodes may be. */
import type { Bytes } from "../../core";
import { slotIds } from "./slots";

/** The secret of an epoch's slots, and the same in hexadecimal, by which epochs are told apart. */
export interface SlotEpoch {
  readonly secret: Bytes;
  readonly name: string;
}

/** One slot of one epoch on one day. */
export interface SlotPlace {
  readonly slot: number;
  readonly day: number;
  /** The epoch's secret in hexadecimal. */
  readonly epoch: string;
  readonly id: string;
}

/** All of them, in the order in which they are looked at. */
export async function places({ secret, name }: SlotEpoch, day: number): Promise<readonly SlotPlace[]> {
  return (await slotIds(secret, day)).map((id, slot) => ({ slot, day, epoch: name, id }));
}
