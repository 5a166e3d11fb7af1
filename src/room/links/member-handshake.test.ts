/** A node that broke the protocol is kept out for a while, longer each time; other nodes are not. */
import { afterEach, expect, it, vi } from "vitest";
import { makeEphemeralKey } from "../../identity";
import { memoryLinkPair } from "../../wire/testing/memory-transport";
import { MAX_SHUNNED, SHUN_MAX_MS, SHUN_MIN_MS } from "../constants";
import { MemberHandshake } from "./member-handshake";
import { Membership } from "../membership";
import { foundTestRoom, memberContext } from "../testing/founding";

afterEach(() => vi.restoreAllMocks());

async function pair() {
  const room = await foundTestRoom();
  const other = await makeEphemeralKey();
  const theirs = new Membership(memberContext(other), room.parts);
  const [own, far] = [new MemberHandshake(room.membership, "test/1"), new MemberHandshake(theirs, "test/1")];
  const meet = () => {
    const [a, b] = memoryLinkPair();
    return Promise.allSettled([own.run(a), far.run(b)]);
  };
  return { own, did: other.did, meet };
}

it("a node refuses links to a shunned node, and accepts them again afterwards", async () => {
  const { own, did, meet } = await pair();
  expect((await meet()).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  own.shun(did);
  expect((await meet())[0]).toMatchObject({
    status: "rejected",
    reason: { message: expect.stringMatching(/kept out/) as string },
  });
  const now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => now + SHUN_MIN_MS + 1);
  expect((await meet())[0]?.status).toBe("fulfilled");
});

it("a shunned node that comes back costs no check of its signature", async () => {
  const { own, did, meet } = await pair();
  own.shun(did);
  const verify = vi.spyOn(crypto.subtle, "verify");
  expect((await meet()).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  // The other side, which shuns nobody, checks one.
  expect(verify.mock.calls.length).toBeLessThan(2);
});

it("a node is shunned for longer each time, up to a limit, and a limited number are remembered", async () => {
  const { own, did } = await pair();
  let now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => now);
  for (let ms = SHUN_MIN_MS; ms < 8 * SHUN_MAX_MS; ms *= 2) {
    own.shun(did);
    now += Math.min(ms, SHUN_MAX_MS) - 1;
    expect(own.isShunned(did)).toBe(true);
    now += 2;
    expect(own.isShunned(did)).toBe(false);
  }
  own.shun(did);
  for (let i = 0; i < MAX_SHUNNED; i++) own.shun((await makeEphemeralKey()).did);
  expect(own.isShunned(did)).toBe(false);
});
