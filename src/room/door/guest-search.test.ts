/** The search of a guest: impostors at the door, and rooms as they were before a removal. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../../core";
import { makeEphemeralKey } from "../../identity";
import type { Invite } from "../invite/invite";
import { Membership } from "../membership";
import type { SignalingRegistration } from "../signaling/registration";
import { credentialsOf, doorOf, house, lineTo, nobody, remove, visit } from "../testing/doors";
import { memberContext } from "../testing/founding";
import { GuestSearch } from "./guest-search";
import { GuestSession } from "./guest-session";

vi.mock("../constants", async (original) => ({
  ...(await original<object>()),
  GOODBYE_MS: 20,
  REFUSED_AFTER_MS: 21, // as no other time here
  SECOND_DOOR_MS: 1_000,
}));

const HOUR_MS = 3_600_000;
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const refused = (text: string) =>
  expect.objectContaining({ code: "peer-refused", message: expect.stringContaining(text) as string }) as Error;

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
    const knocking = visit(doorOf(membership), home.invite);
    await expect(knocking).rejects.toMatchObject({
      code: "peer-protocol",
      message: expect.stringContaining("is not a member") as string,
    });
  });

  it("hears nothing of its guest, who looks further", async () => {
    const home = await house();
    await home.membership.word.renew();
    const stranger = await makeEphemeralKey();
    const impostor = doorOf(new Membership(memberContext(stranger), { ...home.membership.parts, proof: [] }));
    const registration = { current: undefined, on: () => nobody } as unknown as SignalingRegistration;
    const trouble: string[] = [];
    const search = new GuestSearch(registration, await credentialsOf(home.invite), ({ code }) => trouble.push(code));
    const found = search.nextDoor(new AbortController().signal);
    expect(await search.meet(lineTo(impostor))).toBeUndefined();
    expect(trouble).toEqual(["peer-protocol"]);
    expect(impostor.told).toEqual([]);
    expect(await search.meet(lineTo(home))).toBe(home.founder.did);
    expect((await found).did).toBe(home.founder.did);
    search.close();
  });

  it("cannot turn a guest away: only a member's refusal counts", async () => {
    const home = await house();
    const stranger = await makeEphemeralKey();
    const membership = new Membership(memberContext(stranger), { ...home.membership.parts, proof: [] });
    vi.spyOn(membership.invites, "check").mockImplementation(() => {
      throw new MicrogridError("peer-refused", "This room has moved to another address.");
    });
    await expect(visit(doorOf(membership), home.invite)).rejects.toMatchObject({ code: "peer-protocol" });
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

/** From now on, timers of `ms` end only when the test ends them. Gives their work, by their handles. */
function heldTimers(ms: number): ReadonlyMap<unknown, () => void> {
  const held = new Map<unknown, () => void>();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const hold = (work: () => void, delay?: number): unknown => {
    if (delay !== ms) return set(work, delay);
    const handle = {};
    held.set(handle, work);
    return handle;
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(hold as typeof setTimeout);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((handle) => {
    if (!held.delete(handle)) clear(handle);
  });
  return held;
}

it("a refusal that another door has overtaken does not end the search for the next door", async () => {
  const home = await house();
  await home.membership.word.renew();
  /** Another member, at its own door. */
  const member = async () => {
    const signer = await makeEphemeralKey();
    const { proof } = await home.membership.admit(signer.did, undefined);
    return doorOf(new Membership(memberContext(signer), { ...home.membership.parts, proof }));
  };
  const [refusing, second] = [await member(), await member()];
  vi.spyOn(refusing.membership.invites, "check").mockImplementation(() => {
    throw new MicrogridError("peer-refused", "Not here.");
  });
  const registration = { current: undefined, on: () => nobody } as unknown as SignalingRegistration;
  const search = new GuestSearch(registration, await credentialsOf(home.invite), nobody);
  const { signal } = new AbortController();
  const overdue = heldTimers(21);
  const first = search.nextDoor(signal);
  await search.meet(lineTo(refusing));
  expect(overdue.size).toBe(1);
  await search.meet(lineTo(home));
  search.ledNowhere(await first, new MicrogridError("peer-lost", "It went away."));
  const next = search.nextDoor(signal);
  for (const end of overdue.values()) end();
  await search.meet(lineTo(second));
  expect((await next).did).toBe(second.membership.signer.did);
  search.close();
});

describe("a room as it was before somebody was removed", () => {
  /** The founder's door after the removal of a member, and the removed member's door, which shows the room as it was. */
  async function split() {
    const home = await house();
    const signer = await makeEphemeralKey();
    const { proof } = await home.membership.admit(signer.did, undefined);
    await home.membership.word.renew();
    const parts = { ...home.membership.parts, proof };
    const { invite } = home;
    await remove(home.membership, signer.did);
    return { now: home, before: doorOf(new Membership(memberContext(signer), parts)), invite };
  }
  const searching = async (invite: Invite) =>
    new GuestSearch(
      { current: undefined, on: () => nobody } as unknown as SignalingRegistration,
      await credentialsOf(invite),
      nobody,
    );

  it("says how long ago the founders gave their last word", async () => {
    const { before, invite } = await split();
    const day = 24 * HOUR_MS;
    const then = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: then + 3 * day });
    const { heardAt } = (await visit(before, invite)).welcome;
    expect(Math.round((Date.now() - heardAt!) / day)).toBe(3);
  });

  it("is not entered once a second member says that it is over", async () => {
    const { before, now, invite } = await split();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 72 * HOUR_MS });
    const search = await searching(invite);
    const found = search.nextDoor(new AbortController().signal);
    const outcome = expect(found).rejects.toEqual(refused("somebody was removed"));
    expect(await search.meet(lineTo(before))).toBeUndefined();
    await search.meet(lineTo(now));
    await outcome;
    search.close();
  });

  it("that only one member shows is entered after a moment, since the founders may be away", async () => {
    const { before, invite } = await split();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 72 * HOUR_MS });
    const search = await searching(invite);
    const found = search.nextDoor(new AbortController().signal);
    await search.meet(lineTo(before));
    expect((await found).did).toBe(before.membership.signer.did);
    search.close();
  });
});
