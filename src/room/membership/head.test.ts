/** The founders' dated word about the epoch: who may give it, and which of two counts. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { DAY_MS, type Did } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { foundTestRoom, memberContext } from "../testing/founding";
import type { HeadFrame } from "./head";
import { Membership } from "./membership";
import { readStored, storable } from "./parts";

afterEach(() => vi.useRealTimers());

async function roomWith(member: Signer) {
  const { founder, membership } = await foundTestRoom();
  const { proof } = await membership.admit(member.did, undefined);
  const second = new Membership(memberContext(member), { ...membership.parts, proof });
  return { founder, first: membership, second };
}

/** The word that a founder's node gives now. */
async function given(by: Membership): Promise<HeadFrame> {
  await by.word.renew();
  return by.word.known!.frame;
}

async function remove(by: Membership, did: Did): Promise<void> {
  const { record, secret } = await by.proposeEpoch([did]);
  await by.takeEpochs(by.epochs.with(record, secret));
}

describe("the founders' word", () => {
  it("is given by a founder's node only, when the last one is old or the room has gone on", async () => {
    const { first, second } = await roomWith(await makeEphemeralKey());
    await second.word.renew();
    expect(second.word.known).toBeUndefined();
    const told: HeadFrame[] = [];
    first.on("head", (frame) => told.push(frame));
    await first.word.renew();
    await first.word.renew();
    expect(told).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY_MS });
    await first.word.renew();
    expect(told).toHaveLength(2);
    await remove(first, second.signer.did);
    await first.word.renew();
    expect(told).toHaveLength(3);
  });

  it("is taken from anybody if a founder gave it, and once", async () => {
    const { first, second } = await roomWith(await makeEphemeralKey());
    const frame = await given(first);
    expect(await second.word.take(frame)).toBe(true);
    expect(await second.word.take(frame)).toBe(false);
    expect(second.word.current?.at).toBeLessThanOrEqual(Date.now());
    const kept = await readStored(storable(second.parts));
    expect(kept.head?.at).toBe(second.word.known?.at);
  });

  it("counts for nothing from a member, of another room, or from the future", async () => {
    const { first, second } = await roomWith(await makeEphemeralKey());
    const other = (await foundTestRoom()).membership;
    expect(await second.word.take(await given(other))).toBe(false);
    // The member signs as if it were a founder.
    const itself = new Membership(memberContext(second.signer), {
      ...second.parts,
      genesis: { ...second.genesis, founders: [second.signer.did] },
    });
    expect(await first.word.take(await given(itself))).toBe(false);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: now + 2 * DAY_MS });
    const early = await given(first);
    vi.setSystemTime(now);
    expect(await second.word.take(early)).toBe(false);
    expect(second.word.known).toBeUndefined();
  });

  it("about an earlier epoch does not take the place of one about a later", async () => {
    const removed = await makeEphemeralKey();
    const { first, second } = await roomWith(removed);
    const before = await given(first);
    await remove(first, removed.did);
    const after = await given(first);
    expect(await second.word.take(after)).toBe(true);
    expect(await second.word.take(before)).toBe(false);
    // It is about an epoch that this node has not heard of, so nobody has said that its own is the present one.
    expect(second.word.current).toBeUndefined();
  });
});
