/** The door of a room: guests with good, old, forged and counted invites. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { MicrogridError, encodeCbor } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { authenticate, tokenSecret } from "../../wire";
import { makeToken } from "../invite/token";
import { Membership } from "../membership";
import type { SignalingRegistration } from "../signaling/registration";
import { ABOUT, type House, credentialsOf, doorOf, house, lineTo, nobody, remove, visit } from "../testing/doors";
import { memberContext } from "../testing/founding";
import { GuestSearch } from "./guest-search";
import { GuestSession } from "./guest-session";

vi.mock("../constants", async (original) => ({ ...(await original<object>()), GOODBYE_MS: 20, REFUSED_AFTER_MS: 20 }));

const HOUR_MS = 3_600_000;
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

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

  it("takes the place of one who does not knock if sixteen are there", async () => {
    const home = await house();
    const guests = await Promise.all(Array.from({ length: 16 }, () => visit(home, home.invite)));
    const latest = await visit(home, home.invite);
    expect(await Promise.race(guests.map(({ closed }) => closed))).toContain("too many guests");
    await latest.knock(ABOUT, nobody);
  });

  it("takes the place of one of many with another invite, even if they knock, and of none with its own", async () => {
    const home = await house({ admission: { kind: "approval" } });
    const { invites } = home.membership;
    const other = await invites.make({ uses: 0, notAfter: Date.now() + HOUR_MS });
    const knocking = [];
    for (let i = 0; i < 16; i++) {
      const guest = await visit(home, home.invite);
      knocking.push(guest);
      guest.knock(ABOUT, nobody).catch(nobody);
      await vi.waitFor(() => expect(home.door.knocks).toHaveLength(i + 1));
    }
    await expect(visit(home, home.invite)).rejects.toBeInstanceOf(MicrogridError);
    (await visit(home, other)).close();
    expect(await knocking[15]!.closed).toContain("too many guests");
    await vi.waitFor(() => expect(home.door.knocks).toHaveLength(15));
    home.door.answer(home.door.knocks[0]!.did, true);
    await vi.waitFor(() => expect(home.door.knocks).toHaveLength(14));
  });

  it("is not received by a member that has left, even if the handshake began before", async () => {
    const home = await house();
    home.door.close();
    await expect(visit(home, home.invite)).rejects.toMatchObject({ code: "peer-lost" });
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

  it("is sent on by a member with few places left, who keeps them for its own guests, and then by one with none", async () => {
    const home = await house({ admission: { kind: "approval" }, limits: { people: 2 } });
    const signer = await makeEphemeralKey();
    const { proof } = await home.membership.admit(signer.did, undefined);
    const member = new Membership(memberContext(signer), { ...home.membership.parts, proof });
    const other = doorOf(member, "a".repeat(32));
    const own = await member.invites.current();
    (await visit(other, home.invite)).close();
    await member.admit((await makeEphemeralKey()).did, undefined);
    const sentOn = { code: "peer-refused", askInstead: "a".repeat(32) };
    await expect(visit(other, home.invite)).rejects.toMatchObject(sentOn);
    (await visit(other, own)).close();
    const last = await makeEphemeralKey();
    await member.admit(last.did, undefined);
    await expect(visit(other, own)).rejects.toMatchObject(sentOn);
    // Somebody who has a place already comes again.
    (await visit(other, home.invite, { signer: last })).close();
    (await visit(home, own)).close();
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
