/** Revocations: what a house takes back, wherever and whenever a device hears of it. */
import { describe, expect, test } from "vitest";
import { MemoryKeep, type Revocation, makeEphemeralKey, revoke } from "../../identity";
import { NodeHouse } from "./node-house";
import { DAY, START, device, founder, member, scopesOf, withHouse } from "./testing/device";
import { requestText } from "./texts";

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
