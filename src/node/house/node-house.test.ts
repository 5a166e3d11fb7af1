/** A node's house: who vouches for it over time, on what is kept, and against what others claim. */
import { describe, expect, test } from "vitest";
import { makeHouseSecret, revoke } from "../../identity";
import type { HouseState } from "../types";
import { parseHouseData } from "./record";
import { DAY, START, device, member, scopesOf, withHouse } from "./testing/device";
import { delegationText, parseDelegation, requestText } from "./texts";

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
