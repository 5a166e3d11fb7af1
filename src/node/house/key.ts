/** The key of a house, as a node keeps it in its record. */
import { type Did, quotedName } from "../../core";
import { type Signer, houseSigner, unwrapSecret } from "../../identity";
import type { HouseData, HouseRecord } from "./record";
import { refuse } from "./refuse";

/** The house of this record, ready to sign. Throws `bad-request` if its key is not on this device. */
export async function openKey({ key }: HouseRecord): Promise<{ readonly signer: Signer; readonly name: string }> {
  if (key) return { signer: await houseSigner(await unwrapSecret(key.wrapped)), name: key.name };
  throw refuse("This device does not manage the profile. Do this on one that does, or restore the profile here first.");
}

/** The key as a backup holds it; undefined if it is not on this device. */
export async function exportKey({ key }: HouseRecord): Promise<HouseData["key"]> {
  return key && { name: key.name, secret: await unwrapSecret(key.wrapped) };
}

/** Throws `bad-request` if the key of a house other than `did` is on this device. */
export function refuseOtherHouse({ key }: HouseRecord, did: Did): void {
  if (!key || key.did === did) return;
  throw refuse(
    `This device manages another profile, ${quotedName(key.name)}. Back it up and leave it first. Nothing was changed.`,
  );
}
