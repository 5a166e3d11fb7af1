/** Devices of a house, each with its own clock and storage. */
import type { Bytes, Did } from "../../../core";
import {
  MemoryKeep,
  type Signer,
  houseSigner,
  makeEphemeralKey,
  makeHouseSecret,
  openDelegation,
} from "../../../identity";
import type { HouseState } from "../../types";
import { NodeHouse } from "../node-house";

export const DAY = 24 * 60 * 60 * 1000;
export const START = Date.UTC(2026, 0, 1);

/** A device with its own clock and storage. */
interface Device {
  house: NodeHouse;
  readonly did: Did;
  readonly clock: { now: number };
  /** The state that a page would show: the first one, then the newest after each change. */
  shown: HouseState | undefined;
  readonly notices: string[];
  readonly passedOn: unknown[];
  reload: () => Promise<void>;
}

export async function device(): Promise<Device> {
  const { did } = await makeEphemeralKey();
  const clock = { now: START };
  const keep = new MemoryKeep();
  const notices: string[] = [];
  const passedOn: unknown[] = [];
  const open = async (made: Device): Promise<NodeHouse> => {
    const house = await NodeHouse.open({ did, keep, now: () => clock.now });
    made.shown = house.state;
    house.on("change", () => (made.shown = house.state));
    house.on("notice", (text) => notices.push(text));
    house.on("revocation", (signed) => passedOn.push(signed));
    await house.start();
    house.close();
    return house;
  };
  const made = { did, clock, shown: undefined, notices, passedOn } as unknown as Device;
  made.house = await open(made);
  made.reload = async () => {
    made.house.close();
    made.house = await open(made);
  };
  return made;
}

/** A device that has made a house. */
export async function withHouse(name = "Ada"): Promise<Device & { secret: Bytes; signer: Signer }> {
  const made = await device();
  const secret = makeHouseSecret();
  await made.house.take(name, secret);
  return Object.assign(made, { secret, signer: await houseSigner(secret) });
}

/** Terms of a delegation for a device that is a member only, and for one that acts as a founder. */
export const member = { label: "phone", scopes: ["member"] as const, notAfter: new Date(START + 30 * DAY) };
export const founder = { ...member, scopes: ["member", "founder"] as const };

/** The scopes of the delegation that a device shows now. */
export async function scopesOf(node: Device): Promise<readonly string[] | undefined> {
  const signed = node.house.delegation();
  return signed && (await openDelegation(signed, node.did, node.clock.now)).scopes;
}
