/** A node's house: who vouches for it over time, on what is kept, and against what others claim. */
import { describe, expect, test } from "vitest";
import type { Bytes, Did } from "../../core";
import {
  MemoryKeep,
  type Revocation,
  type Signer,
  houseSigner,
  makeEphemeralKey,
  makeHouseSecret,
  openDelegation,
  revoke,
} from "../../identity";
import type { HouseState } from "../types";
import { NodeHouse } from "./node-house";
import { parseHouseData } from "./record";
import { delegationText, parseDelegation, requestText } from "./texts";

const DAY = 24 * 60 * 60 * 1000;
const START = Date.UTC(2026, 0, 1);

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

async function device(): Promise<Device> {
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

async function withHouse(name = "Ada"): Promise<Device & { secret: Bytes; signer: Signer }> {
  const made = await device();
  const secret = makeHouseSecret();
  await made.house.take(name, secret);
  return Object.assign(made, { secret, signer: await houseSigner(secret) });
}

const member = { label: "phone", scopes: ["member"] as const, notAfter: new Date(START + 30 * DAY) };
const founder = { ...member, scopes: ["member", "founder"] as const };

async function scopesOf(node: Device): Promise<readonly string[] | undefined> {
  const signed = node.house.delegation();
  return signed && (await openDelegation(signed, node.did, node.clock.now)).scopes;
}

describe("a house on this device", () => {
  test("vouches for the node with all scopes for a year, also after a reload", async () => {
    const laptop = await withHouse();
    const expected: Partial<HouseState> = {
      did: laptop.signer.did,
      name: "Ada",
      keyHere: true,
      notAfter: START + 365 * DAY,
    };
    expect(laptop.house.state).toMatchObject(expected);
    await laptop.reload();
    expect(laptop.house.state).toMatchObject(expected);
    expect(await scopesOf(laptop)).toEqual(["member", "founder"]);
  });

  test("renews its delegation after half of its lifetime, and also after it has expired", async () => {
    const laptop = await withHouse();
    laptop.clock.now += 100 * DAY;
    await laptop.house.tend();
    expect(laptop.house.state?.notAfter).toBe(START + 365 * DAY);
    laptop.clock.now += 100 * DAY;
    await laptop.house.tend();
    expect(laptop.house.state?.notAfter).toBe(START + 565 * DAY);
    laptop.clock.now += 1000 * DAY;
    expect(laptop.house.delegation()).toBeUndefined();
    await laptop.reload();
    expect(laptop.house.state?.notAfter).toBe(START + 1565 * DAY);
    expect(laptop.notices).toEqual([]);
  });

  test("can be entered again and renamed, but not mixed with another", async () => {
    const laptop = await withHouse();
    await laptop.house.take(" Ada L. ", laptop.secret);
    expect(laptop.house.state).toMatchObject({ did: laptop.signer.did, name: "Ada L." });
    await expect(laptop.house.take("Bob", makeHouseSecret())).rejects.toThrow(/another profile, “Ada L.”/);
    await expect(laptop.house.take(" ", laptop.secret)).rejects.toThrow(/1 to 40 characters/);
    await expect(laptop.house.take("Ada\nLovelace", laptop.secret)).rejects.toThrow(/1 to 40 characters/);
    await expect(laptop.house.take("This device", laptop.secret)).rejects.toThrow(/could pass for words of this page/);
    expect(laptop.house.state?.name).toBe("Ada L.");
  });

  test("can lose its key and keep its delegation, which then expires", async () => {
    const laptop = await withHouse();
    await laptop.house.forgetKey();
    expect(laptop.house.state).toMatchObject({ name: "Ada", keyHere: false });
    await expect(laptop.house.delegate(requestText((await device()).did), member)).rejects.toThrow(
      /does not manage the profile/,
    );
    await expect(laptop.house.revoke((await device()).did)).rejects.toThrow(/does not manage the profile/);
    expect((await laptop.house.export()).key).toBeUndefined();
    laptop.clock.now += 366 * DAY;
    await laptop.house.tend();
    expect([laptop.house.state, laptop.shown]).toEqual([undefined, undefined]);
    expect(laptop.notices).toHaveLength(1);
    await laptop.house.tend();
    expect(laptop.notices).toHaveLength(1);
  });

  test("is deleted with its key when the user leaves it", async () => {
    const laptop = await withHouse();
    await laptop.house.leave();
    await laptop.reload();
    expect([laptop.house.state, laptop.house.delegation(), (await laptop.house.export()).key]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("a device that is vouched for", () => {
  test("shows its delegation only while that is valid", async () => {
    const [laptop, phone] = [await withHouse(), await device()];
    const text = await laptop.house.delegate(requestText(phone.did), member);
    await phone.house.adopt(text);
    expect(phone.house.state).toMatchObject({
      did: laptop.signer.did,
      name: "Ada",
      keyHere: false,
      scopes: ["member"],
    });
    expect(laptop.house.state?.delegations).toEqual([
      { subject: phone.did, label: "phone", scopes: ["member"], notAfter: START + 30 * DAY, revoked: false },
    ]);
    phone.clock.now += 31 * DAY;
    expect(phone.house.delegation()).toBeUndefined();
    await phone.reload();
    expect([phone.house.state, phone.shown]).toEqual([undefined, undefined]);
    expect(phone.notices).toHaveLength(1);
    await expect(phone.house.adopt(text)).rejects.toThrow(/has ended/);
  });

  test("refuses a statement that is for another node, forged, or not a delegation", async () => {
    const [laptop, phone, other] = [await withHouse(), await device(), await device()];
    const text = await laptop.house.delegate(requestText(phone.did), member);
    await expect(other.house.adopt(text)).rejects.toThrow(/is not valid for this device/);
    const { payload, signatures } = parseDelegation(text);
    const forged = delegationText({ payload, signatures: [{ did: other.did, sig: signatures[0]!.sig }] });
    await expect(phone.house.adopt(forged)).rejects.toThrow(/is not valid for this device/);
    const revocation = await revoke(laptop.signer, phone.did, START);
    await expect(phone.house.adopt(delegationText(revocation))).rejects.toThrow(/not valid for this device/);
    await expect(phone.house.adopt(requestText(phone.did))).rejects.toThrow(/is a request/);
    await expect(laptop.house.delegate(text, member)).rejects.toThrow(/is an answer/);
    for (const nonsense of ["", "hello", "💥", "oA", text.slice(1), text.slice(0, -3), "A".repeat(9999)]) {
      await expect(phone.house.adopt(nonsense)).rejects.toMatchObject({ code: "bad-request" });
      await expect(laptop.house.delegate(nonsense, member)).rejects.toMatchObject({ code: "bad-request" });
    }
    expect(phone.house.state).toBeUndefined();
  });

  test("is not given a delegation that makes no sense", async () => {
    const [laptop, phone] = [await withHouse(), await device()];
    const request = requestText(phone.did);
    const ended = { ...member, notAfter: new Date(START - 1) };
    await expect(laptop.house.delegate(request, ended)).rejects.toThrow(/passed already/);
    await expect(laptop.house.delegate(request, { ...member, notAfter: new Date(NaN) })).rejects.toThrow(
      /passed already/,
    );
    await expect(laptop.house.delegate(request, { ...member, scopes: [] })).rejects.toMatchObject({
      code: "bad-request",
    });
    await expect(laptop.house.delegate(requestText(laptop.did), member)).rejects.toThrow(/made by this device/);
    expect(laptop.house.state?.delegations).toEqual([]);
  });
});

describe("a revocation", () => {
  test("takes effect wherever it arrives, and the house can vouch for the device again", async () => {
    const [laptop, phone] = [await withHouse(), await device()];
    await phone.house.adopt(await laptop.house.delegate(requestText(phone.did), member));
    await laptop.house.revoke(phone.did);
    expect(laptop.house.state?.delegations).toMatchObject([{ subject: phone.did, revoked: true }]);
    const [revocation] = laptop.house.revocations.all;
    expect(await phone.house.hear(revocation!)).toBe(true);
    expect(await phone.house.hear(revocation!)).toBe(false);
    expect(phone.passedOn).toEqual([revocation]);
    expect([phone.house.state, phone.shown]).toEqual([undefined, undefined]);
    expect(phone.notices).toEqual([expect.stringContaining("was removed there")]);
    // The clocks stand still: the new one counts all the same.
    const text = await laptop.house.delegate(requestText(phone.did), member);
    await phone.house.adopt(text);
    expect(laptop.house.state?.delegations).toMatchObject([{ subject: phone.did, revoked: false }]);
    await phone.reload();
    expect(phone.house.state).toMatchObject({ name: "Ada" });
  });

  test("takes effect even if the clock was set back in between", async () => {
    const [laptop, phone] = [await withHouse(), await device()];
    laptop.clock.now += DAY / 2;
    await phone.house.adopt(await laptop.house.delegate(requestText(phone.did), member));
    laptop.clock.now -= 10 * DAY;
    await laptop.house.revoke(phone.did);
    await phone.house.hear(laptop.house.revocations.all[0]!);
    expect(phone.house.delegation()).toBeUndefined();
  });

  test("is remembered, so that an old delegation does not come back", async () => {
    const [laptop, phone] = [await withHouse(), await device()];
    const text = await laptop.house.delegate(requestText(phone.did), member);
    await phone.house.hear(await revoke(laptop.signer, phone.did, START + 1));
    await expect(phone.house.adopt(text)).rejects.toThrow(/not valid for this device/);
    await phone.reload();
    await expect(phone.house.adopt(text)).rejects.toThrow(/not valid for this device/);
  });

  test("accompanies a narrower delegation, so that the wider one ends", async () => {
    const [laptop, phone] = [await withHouse(), await device()];
    const wide = await laptop.house.delegate(requestText(phone.did), founder);
    await phone.house.adopt(wide);
    const narrow = await laptop.house.delegate(requestText(phone.did), member);
    expect(laptop.house.revocations.all).toHaveLength(1);
    await phone.house.hear(laptop.house.revocations.all[0]!);
    expect(phone.house.delegation()).toBeUndefined();
    await expect(phone.house.adopt(wide)).rejects.toThrow();
    await phone.house.adopt(narrow);
    expect(await scopesOf(phone)).toEqual(["member"]);
    // A wider one needs nothing taken back.
    await laptop.house.delegate(requestText(phone.did), founder);
    expect(laptop.house.revocations.all).toHaveLength(1);
  });

  test("cannot be issued for the device itself, or by a stranger", async () => {
    const [laptop, stranger] = [await withHouse(), await withHouse("Eve")];
    await expect(laptop.house.revoke(laptop.did)).rejects.toThrow(/leave the profile/);
    const byStranger = await revoke(stranger.signer, laptop.did, START + DAY);
    expect(await laptop.house.hear(byStranger)).toBe(false);
    const forged = { ...byStranger, signatures: [{ ...byStranger.signatures[0]!, did: laptop.signer.did }] };
    await expect(laptop.house.hear(forged)).rejects.toMatchObject({ code: "peer-protocol" });
    expect(laptop.house.state?.keyHere).toBe(true);
  });

  test("also applies to a device with the key, which then loses it", async () => {
    const laptop = await withHouse();
    await laptop.house.hear(await revoke(laptop.signer, laptop.did, START + 5));
    expect([laptop.house.state, (await laptop.house.export()).key]).toEqual([undefined, undefined]);
    await laptop.reload();
    expect(laptop.house.state).toBeUndefined();
    await laptop.house.take("Ada", laptop.secret);
    expect(laptop.house.state?.keyHere).toBe(true);
  });
});

describe("a house in a backup", () => {
  test("is restored on another device with its key, its list and its revocations", async () => {
    const [laptop, phone, lost, desk] = [await withHouse(), await device(), await device(), await device()];
    const stale = await laptop.house.delegate(requestText(lost.did), { ...member, label: "lost" });
    await laptop.house.delegate(requestText(phone.did), member);
    await laptop.house.revoke(lost.did);
    const data = parseHouseData(structuredClone(await laptop.house.export()));
    await desk.house.import(data);
    await desk.house.import(data);
    await desk.reload();
    expect(desk.house.state).toMatchObject({ did: laptop.signer.did, name: "Ada", keyHere: true });
    expect(desk.house.state?.delegations).toEqual(laptop.house.state?.delegations);
    await lost.house.import({ ...data, key: undefined });
    await expect(lost.house.adopt(stale)).rejects.toThrow(/not valid for this device/);
  });

  test("does not replace another house, and is refused if damaged", async () => {
    const [laptop, other] = [await withHouse(), await withHouse("Bob")];
    await expect(other.house.import(await laptop.house.export())).rejects.toThrow(/another profile, “Bob”/);
    expect(other.house.state?.name).toBe("Bob");
    const data = await laptop.house.export();
    for (const wrong of [
      undefined,
      7,
      {},
      { ...data, v: 2 },
      { ...data, key: { name: "A", secret: new Uint8Array(5) } },
    ]) {
      expect(() => parseHouseData(wrong)).toThrow(/damaged/);
    }
  });
});

test("a device leaves its house at the next start if the page died after the revocation arrived", async () => {
  const keep = new MemoryKeep();
  const [{ did }, laptop] = [await makeEphemeralKey(), await withHouse()];
  const open = (): Promise<NodeHouse> => NodeHouse.open({ did, keep, now: () => START });
  const phone = await open();
  await phone.take("Ada", laptop.secret);
  await keep.put("revocations", [await revoke(laptop.signer, did, START)]);
  const again = await open();
  let shown = again.state;
  again.on("change", () => (shown = again.state));
  await again.start();
  again.close();
  expect([shown, again.state, (await again.export()).key]).toEqual([undefined, undefined, undefined]);
});

test("a device keeps its house when a revocation names another node", async () => {
  const [laptop, phone, tablet] = [await withHouse(), await device(), await device()];
  const revocation: Pick<Revocation, "at"> = { at: START + 1 };
  await phone.house.adopt(await laptop.house.delegate(requestText(phone.did), member));
  await phone.house.hear(await revoke(laptop.signer, tablet.did, revocation.at));
  expect(phone.house.state?.name).toBe("Ada");
});
