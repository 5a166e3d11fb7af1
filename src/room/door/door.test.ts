/** The door of a room: guests with good, old, forged and counted invites, hostile guests, hostile members, impostors. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Did, MicrogridError, encodeCbor } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { type RawLink, authenticate, tokenSecret } from "../../wire";
import { memoryLinkPair } from "../../wire/testing/memory-transport";
import type { Invite } from "../invite/invite";
import { type SignedTerms, Membership, type OpenedToken, readToken } from "../membership";
import { makeToken } from "../invite/token";
import type { SignalingRegistration } from "../signaling/registration";
import type { ReceivedBody, RoomLink } from "../protocol";
import { foundTestRoom, memberContext } from "../testing/founding";
import { Door } from "./door";
import { GuestSearch } from "./guest-search";
import { GuestSession } from "./guest-session";

vi.mock("../constants", async (original) => ({ ...(await original<object>()), GOODBYE_MS: 20, REFUSED_AFTER_MS: 20 }));

const HOUR_MS = 3_600_000;
const ABOUT = { name: "guest", device: "test", delegation: undefined };
const nobody = (): void => undefined;
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface House {
  readonly door: Door;
  readonly membership: Membership;
  readonly founder: Signer;
  readonly invite: Invite;
  /** The knocks that members were told about. */
  readonly told: ReceivedBody<"knock">[];
  /** Lines to guests that have become members. */
  readonly entered: RawLink[];
}

async function house(terms: Partial<SignedTerms> = {}): Promise<House> {
  const { membership, founder, invite } = await foundTestRoom(terms);
  return { ...doorOf(membership), founder, invite };
}

function doorOf(membership: Membership, issuerAt?: string): Pick<House, "door" | "membership" | "told" | "entered"> {
  const told: House["told"] = [];
  const entered: RawLink[] = [];
  const inside = () => [{ did: membership.signer.did, name: "host", device: "test", sharing: false, models: [] }];
  const door = new Door({
    membership,
    inside,
    addressOf: () => issuerAt,
    tell: (frame) => told.push(frame as ReceivedBody<"knock">),
    introduce: (raw) => entered.push(raw),
  });
  return { door, membership, told, entered };
}

/** A line to a door; the far end has gone through the door's side of the handshake, if it can. */
function lineTo({ door, membership }: Pick<House, "door" | "membership">): RawLink & { served: Promise<void> } {
  const [near, far] = memoryLinkPair();
  const { signer, genesis } = membership;
  const credentials = { signer, agent: "host", roomId: genesis.roomId, claim: membership.claim() };
  const served = authenticate(far, credentials).then((line) => door.receive(line), nobody);
  return Object.assign(near, { served });
}

interface Guest {
  readonly signer?: Signer;
  readonly token?: OpenedToken;
}

async function credentialsOf(invite: Invite, { signer, token }: Guest = {}) {
  const { revocations } = memberContext(await makeEphemeralKey());
  const shown = token ?? (await readToken(invite.token.signed));
  return { signer: signer ?? (await makeEphemeralKey()), agent: "guest", invite, token: shown, revocations };
}

async function visit(at: Pick<House, "door" | "membership">, invite: Invite, guest: Guest = {}): Promise<GuestSession> {
  return GuestSession.begin(lineTo(at), await credentialsOf(invite, guest));
}

async function remove(membership: Membership, did: Did): Promise<void> {
  const { record, secret } = await membership.proposeEpoch([did]);
  await membership.takeEpochs(membership.epochs.with(record, secret));
}

/** An invite with a secret that was derived from the secret of this epoch, whatever the token says. */
async function forge({ membership, invite }: House, by: Signer, epoch: number, underEpoch: number) {
  const { hash: room } = membership.genesis;
  const token = await makeToken([by], { room, epoch, uses: 0, notAfter: Date.now() + HOUR_MS });
  const secret = await tokenSecret(membership.epochs.secretOf(underEpoch)!, token.hash);
  return { invite: { ...invite, token: { signed: token.signed, secret } }, token };
}

const refused = (text: string) =>
  expect.objectContaining({ code: "peer-refused", message: expect.stringContaining(text) as string }) as Error;

describe("a guest", () => {
  it("sees the charter and the members inside, and is a member once it has knocked", async () => {
    const home = await house({ purpose: "to read" });
    const guest = await visit(home, home.invite);
    expect(guest.welcome.charter.terms.purpose).toBe("to read");
    expect(guest.welcome.inside.map(({ did }) => did)).toEqual([home.founder.did]);
    const { parts, enter } = await guest.knock(ABOUT, nobody);
    expect(parts.epochs.secret).toEqual(home.membership.epochs.secret);
    enter();
    await vi.waitFor(() => expect(home.entered).toHaveLength(1));
  });

  it("that only looks leaves no trace", async () => {
    const home = await house();
    const line = lineTo(home);
    const guest = await GuestSession.begin(line, await credentialsOf(home.invite));
    guest.close();
    await line.served;
    expect(home.entered).toEqual([]);
  });

  it("is turned away if seventeen come at once", async () => {
    const home = await house();
    const guests = await Promise.all(Array.from({ length: 16 }, () => visit(home, home.invite)));
    await expect(visit(home, home.invite)).rejects.toBeInstanceOf(MicrogridError);
    guests[0]!.close();
    await vi.waitFor(() => visit(home, home.invite));
  });

  it("that the charter does not list is refused", async () => {
    const home = await house({ admission: { kind: "listed", dids: [] } });
    const guest = await visit(home, home.invite);
    await expect(guest.knock(ABOUT, nobody)).rejects.toEqual(refused("not on the room's list"));
  });
});

describe("an invite", () => {
  it("of an earlier epoch opens no door", async () => {
    const home = await house();
    await remove(home.membership, (await makeEphemeralKey()).did);
    await expect(visit(home, home.invite)).rejects.toEqual(refused("somebody was removed"));
  });

  it("cannot be made for this epoch with the secret of an earlier one, which removed members still know", async () => {
    const home = await house();
    const removed = await makeEphemeralKey();
    await remove(home.membership, removed.did);
    const { invite, token } = await forge(home, removed, 1, 0);
    const accomplice = await makeEphemeralKey();
    await expect(visit(home, invite, { signer: accomplice })).rejects.toMatchObject({ code: "handshake-failed" });
    // It may say in the handshake that it is of the earlier epoch, and show the token afterwards.
    const lying = { ...token, token: { ...token.token, epoch: 0 } };
    await expect(visit(home, invite, { signer: accomplice, token: lying })).rejects.toEqual(refused("not valid"));
  });

  it("does not let in a removed node, even if the invite is new", async () => {
    const home = await house();
    const removed = await makeEphemeralKey();
    await remove(home.membership, removed.did);
    const invite = await home.membership.invites.current();
    await expect(visit(home, invite, { signer: removed })).rejects.toEqual(refused("removed"));
    const other = await visit(home, invite);
    await other.knock(ABOUT, nobody);
  });

  it("that expires while its guest reads the charter is refused", async () => {
    const home = await house();
    const invite = await home.membership.invites.make({ uses: 0, notAfter: Date.now() + HOUR_MS });
    const guest = await visit(home, invite);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * HOUR_MS });
    await expect(guest.knock(ABOUT, nobody)).rejects.toEqual(refused("has ended"));
  });

  it("is refused if a member is removed after its guest has come and before it knocks", async () => {
    const home = await house();
    const guest = await visit(home, home.invite);
    await remove(home.membership, (await makeEphemeralKey()).did);
    await expect(guest.knock(ABOUT, nobody)).rejects.toEqual(refused("somebody was removed"));
    expect(home.entered).toEqual([]);
  });

  it("for one lets in one of two guests that look at once", async () => {
    const home = await house();
    const invite = await home.membership.invites.make({ uses: 1, notAfter: Date.now() + HOUR_MS });
    const guests = await Promise.all([visit(home, invite), visit(home, invite)]);
    const outcomes = await Promise.allSettled(guests.map((guest) => guest.knock(ABOUT, nobody)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(visit(home, invite)).rejects.toEqual(refused("used up"));
  });

  it("that another member counts leads to its issuer, and leaves no line open", async () => {
    const home = await house();
    const invite = await home.membership.invites.make({ uses: 1, notAfter: Date.now() + HOUR_MS });
    const signer = await makeEphemeralKey();
    const { proof } = await home.membership.admit(signer.did, undefined);
    const other = doorOf(new Membership(memberContext(signer), { ...home.membership.parts, proof }), "a".repeat(32));
    await expect(visit(other, invite)).rejects.toMatchObject({ code: "peer-refused", askInstead: "a".repeat(32) });
    // A guest that does not go is shown out.
    const line = lineTo(other);
    const { signer: key, token, agent } = await credentialsOf(invite);
    const claim = { kind: "guest", token: token.hash, epoch: 0, secret: invite.token.secret } as const;
    const { writer } = await authenticate(line, { signer: key, agent, roomId: invite.roomId, claim });
    void writer.send("guest.hello", encodeCbor({ token: invite.token.signed }));
    await line.closed;
    await line.served;
  });

  it("sends its guest on once, however often doors refer it elsewhere", async () => {
    const home = await house();
    const invite = await home.membership.invites.make({ uses: 1, notAfter: Date.now() + HOUR_MS });
    const signer = await makeEphemeralKey();
    const { proof } = await home.membership.admit(signer.did, undefined);
    const round = doorOf(new Membership(memberContext(signer), { ...home.membership.parts, proof }), "a".repeat(32));
    let dialled = 0;
    const endpoint = {
      dial: () => {
        dialled++;
        return Promise.resolve(lineTo(round));
      },
    };
    const registration = { current: { endpoint }, on: () => nobody } as unknown as SignalingRegistration;
    const search = new GuestSearch(registration, await credentialsOf(invite), () => undefined);
    expect(await search.meet(lineTo(round))).toBeUndefined();
    expect(dialled).toBe(1);
    search.close();
  });
});

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

describe("an impostor at the door", () => {
  it("is not believed if it knows all secrets but is not a member", async () => {
    const home = await house();
    const stranger = await makeEphemeralKey();
    const parts = { ...home.membership.parts, proof: [] };
    const membership = new Membership(memberContext(stranger), parts);
    vi.spyOn(membership, "letIn").mockImplementation(async (_token, did) => {
      const { proof } = await home.membership.admit(did, undefined);
      return { proof, epochs: membership.epochs };
    });
    const guest = await visit(doorOf(membership), home.invite);
    await expect(guest.knock(ABOUT, nobody)).rejects.toMatchObject({ code: "peer-refused" });
  });

  it("cannot show another room, nor a charter that nobody has signed", async () => {
    const home = await house();
    const other = await house();
    const mixed = [
      { ...home.membership.parts, genesis: other.membership.genesis },
      { ...home.membership.parts, charter: other.membership.charter },
    ];
    for (const parts of mixed) {
      const membership = new Membership(memberContext(home.founder), parts);
      vi.spyOn(membership.invites, "check").mockReturnValue({ askInstead: undefined });
      const line = lineTo({ door: doorOf(membership).door, membership: home.membership });
      await expect(GuestSession.begin(line, await credentialsOf(home.invite))).rejects.toMatchObject({
        code: "peer-protocol",
      });
    }
  });
});
