/** Knocks at the doors of a room, here and elsewhere, and the answers to them. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { makeEphemeralKey } from "../../identity";
import type { RoomLink } from "../protocol";
import { ABOUT, type Guest, type House, house, nobody, remove, visit } from "../testing/doors";

vi.mock("../constants", async (original) => ({ ...(await original<object>()), GOODBYE_MS: 20, REFUSED_AFTER_MS: 20 }));

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const refused = (text: string) =>
  expect.objectContaining({ code: "peer-refused", message: expect.stringContaining(text) as string }) as Error;

describe("a knock", () => {
  const approval = { admission: { kind: "approval" } } as const;

  /** Somebody who knocks, and what will come of it. */
  async function knocking(home: House, guest: Guest = {}) {
    const signer = guest.signer ?? (await makeEphemeralKey());
    const visiting = await visit(home, home.invite, { ...guest, signer });
    const before = home.told.length;
    const outcome = visiting.knock(ABOUT, nobody).then(
      () => "admitted",
      (error: unknown) => (error as Error).message,
    );
    await vi.waitFor(() => expect(home.told.length).toBeGreaterThan(before));
    return { did: signer.did, outcome, leave: () => visiting.close() };
  }

  it("waits for an answer, and a yes lets the guest in", async () => {
    const home = await house(approval);
    const { did, outcome } = await knocking(home);
    expect(home.door.knocks).toMatchObject([{ did, name: "guest", device: "test" }]);
    home.door.answer(did, true);
    expect(await outcome).toBe("admitted");
    expect(home.door.knocks).toEqual([]);
    expect(home.told).toMatchObject([{ did }, { did, over: true }]);
  });

  it("is over after a no, and when the member at the door leaves", async () => {
    const home = await house(approval);
    const first = await knocking(home);
    home.door.takeAnswer({ did: first.did, admit: false });
    expect(await first.outcome).toContain("Nobody in the room");
    const second = await knocking(home);
    home.door.close();
    expect(await second.outcome).toContain("has left the room");
    await vi.waitFor(() => expect(home.door.knocks).toEqual([]));
  });

  it("is over when the guest leaves", async () => {
    const home = await house(approval);
    const { did, leave } = await knocking(home);
    leave();
    await vi.waitFor(() => expect(home.told.at(-1)).toMatchObject({ did, over: true }));
    expect(home.door.knocks).toEqual([]);
    expect(() => home.door.answer(did, true)).toThrow("not at the door");
  });

  it("that is answered after a removal does not let its guest into the new epoch", async () => {
    const home = await house(approval);
    const { did, outcome } = await knocking(home);
    await remove(home.membership, (await makeEphemeralKey()).did);
    home.door.answer(did, true);
    expect(await outcome).toContain("somebody was removed");
    expect(home.entered).toEqual([]);
  });

  it("of a guest that was removed while waiting is refused", async () => {
    const home = await house(approval);
    const { did, outcome } = await knocking(home);
    await remove(home.membership, did);
    home.door.answer(did, true);
    expect(await outcome).toContain("removed");
  });

  it("of a device that knocks twice is answered once, on the later line", async () => {
    const home = await house(approval);
    const signer = await makeEphemeralKey();
    const first = await knocking(home, { signer });
    const second = await knocking(home, { signer });
    expect(await first.outcome).toContain("Nobody in the room");
    expect(home.door.knocks).toHaveLength(1);
    home.door.answer(signer.did, true);
    expect(await second.outcome).toBe("admitted");
  });

  it("cannot be repeated so often that the door floods the members", async () => {
    // On a slow machine, the knocks would take long enough to allow more of them.
    vi.spyOn(performance, "now").mockReturnValue(performance.now());
    const home = await house(approval);
    for (let i = 0; i < 16; i++) (await knocking(home)).leave();
    await vi.waitFor(() => expect(home.told).toHaveLength(32));
    const guest = await visit(home, home.invite);
    await expect(guest.knock(ABOUT, nobody)).rejects.toEqual(refused("Too many"));
    expect(home.told).toHaveLength(32);
  });

  describe("at the door of another member", () => {
    function member() {
      let leave: (reason: string) => void = nobody;
      const closed = new Promise<string>((resolve) => (leave = resolve));
      const post = vi.fn();
      return { link: { closed, post } as unknown as RoomLink, post, leave };
    }
    const told = { did: "did:key:guest" as Did, name: "guest", device: "test", delegation: undefined, over: undefined };

    it("is answered there", async () => {
      const { door } = await house(approval);
      const { link, post } = member();
      await door.takeKnock(link, told);
      expect(door.knocks).toMatchObject([{ did: told.did }]);
      door.answer(told.did, true);
      expect(post.mock.calls).toEqual([["knock.answer", { did: told.did, admit: true }]]);
      expect(door.knocks).toEqual([]);
    });

    it("is over only if that member says so, or when it leaves", async () => {
      const home = await house(approval);
      const { did, outcome } = await knocking(home);
      const [near, far] = [member(), member()];
      await home.door.takeKnock(near.link, told);
      await home.door.takeKnock(far.link, { ...told, over: true });
      await home.door.takeKnock(far.link, { ...told, did, over: true });
      expect(home.door.knocks.map((knock) => knock.did).sort()).toEqual([did, told.did].sort());
      near.leave("gone");
      await vi.waitFor(() => expect(home.door.knocks).toMatchObject([{ did }]));
      home.door.answer(did, true);
      expect(await outcome).toBe("admitted");
    });

    it("is not answered in this node's name by a third node", async () => {
      const { door } = await house(approval);
      const { link, post } = member();
      await door.takeKnock(link, told);
      door.takeAnswer({ did: told.did, admit: true });
      expect(post).not.toHaveBeenCalled();
      expect(door.knocks).toHaveLength(1);
    });

    it("leaves no entry if it is over before its house was checked", async () => {
      const { door } = await house(approval);
      const { link } = member();
      await Promise.all([door.takeKnock(link, told), door.takeKnock(link, { ...told, over: true })]);
      expect(door.knocks).toEqual([]);
    });

    it("is accepted at most sixteen times from one member", async () => {
      const { door } = await house(approval);
      const { link } = member();
      const dids = Array.from({ length: 100 }, (_, i) => `did:key:${i}` as Did);
      await Promise.all(dids.map((did) => door.takeKnock(link, { ...told, did })));
      expect(door.knocks).toHaveLength(16);
    });
  });
});
