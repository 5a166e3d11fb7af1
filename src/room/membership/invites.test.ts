/** Invites: how many nodes each lets in, for how long, and who may make one. */
import { describe, expect, it, vi } from "vitest";
import { type Did, randomBytes } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { inviteToUrl } from "../invite/link";
import { makeToken, readToken } from "../invite/token";
import { memberContext } from "../testing/founding";
import { pair, remove } from "../testing/members";
import { Membership } from "./membership";
import { readStored, storable } from "./parts";

const DAY_MS = 86_400_000;
const inADay = (): number => Date.now() + DAY_MS;
const refusal = (text: string) =>
  expect.objectContaining({ code: "peer-refused", message: expect.stringContaining(text) as string }) as Error;

describe("an invite", () => {
  const guest = "did:key:guest" as Did;
  const tokenOf = async (by: Membership, uses: number) =>
    readToken((await by.invites.make({ uses, notAfter: inADay() })).token.signed);

  it("lets in as many nodes as it states, at its issuer, and lets the same nodes in again", async () => {
    const { first, second } = await pair();
    const [a, b, c] = (await Promise.all([1, 2, 3].map(makeEphemeralKey))) as [Signer, Signer, Signer];
    const two = await tokenOf(first, 2);
    for (const { did } of [a, b, a]) await first.letIn(two, did, undefined);
    await expect(first.letIn(two, c.did, undefined)).rejects.toEqual(refusal("used up"));
    expect(second.invites.check(two, c.did)).toEqual({ askInstead: first.signer.did });
    const any = await tokenOf(first, 0);
    for (const { did } of [a, b, c]) await second.letIn(any, did, undefined);
  });

  it("for one lets in one of two nodes that come at the same time", async () => {
    const { first } = await pair();
    const token = await tokenOf(first, 1);
    const guests = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const outcomes = await Promise.allSettled(guests.map(({ did }) => first.letIn(token, did, undefined)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("is counted across restarts", async () => {
    const { first } = await pair();
    const token = await tokenOf(first, 1);
    await first.letIn(token, (await makeEphemeralKey()).did, undefined);
    const parts = await readStored(storable(first.parts));
    const again = new Membership(memberContext(first.signer), parts);
    expect(() => again.invites.check(token, guest)).toThrow("used up");
  });

  it("ends at its time and with its epoch, and is invalid in another room", async () => {
    const { first, founder } = await pair();
    const terms = { room: first.genesis.hash, epoch: 0, uses: 0 };
    const late = await makeToken([founder], { ...terms, notAfter: Date.now() - 1 });
    expect(() => first.invites.check(late, guest)).toThrow("has ended");
    const foreign = await makeToken([founder], { ...terms, room: randomBytes(32), notAfter: inADay() });
    expect(() => first.invites.check(foreign, guest)).toThrow("not valid");
    const ahead = await makeToken([founder], { ...terms, epoch: 1, notAfter: inADay() });
    expect(() => first.invites.check(ahead, guest)).toThrow("has ended");
    const good = await tokenOf(first, 0);
    await remove(first, (await makeEphemeralKey()).did);
    expect(() => first.invites.check(good, guest)).toThrow("somebody was removed");
    expect(await first.invites.kept()).toBeUndefined();
  });

  it("does not let in a removed node, however new the invite is", async () => {
    const { first, member } = await pair();
    await remove(first, member.did);
    const token = await tokenOf(first, 0);
    expect(() => first.invites.check(token, member.did)).toThrow("was removed");
    await expect(first.letIn(token, member.did, undefined)).rejects.toThrow("was removed");
  });

  it("of a member is refused if only founders may invite", async () => {
    const { first, second, member } = await pair();
    const before = await tokenOf(second, 0);
    await second.takeCharter(await first.proposeCharter({ invites: "founders" }));
    await first.takeCharter(second.charter.signed);
    expect(() => first.invites.check(before, guest)).toThrow("only owners can invite");
    await expect(second.invites.make({ uses: 0, notAfter: inADay() })).rejects.toMatchObject({ code: "bad-request" });
    const own = await makeToken([member], { room: first.genesis.hash, epoch: 0, uses: 0, notAfter: inADay() });
    expect(() => first.invites.check(own, guest)).toThrow("only owners can invite");
    expect(second.invites.check(await tokenOf(first, 0), guest)).toEqual({ askInstead: undefined });
  });

  it("has one signature, of a founder if it can; a counted one names who counts", async () => {
    const [device, house] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const { first: member, parts } = await pair({}, { others: [house] });
    const own = new Membership(memberContext(device, [house]), parts);
    const signers = async (uses: number) => (await tokenOf(own, uses)).signers;
    expect(await signers(0)).toEqual([house.did]);
    expect(await signers(3)).toEqual([device.did]);
    await own.takeCharter(await member.proposeCharter({ invites: "founders" }));
    vi.spyOn(own.invites, "allowed").mockResolvedValue(true);
    expect(await signers(0)).toEqual([house.did]);
    expect(await signers(3)).toEqual([device.did, house.did]);
    const after = await readToken((await own.invites.current()).token.signed);
    expect(after.signers).toEqual([house.did]);
    expect(own.invites.check(after, guest)).toEqual({ askInstead: undefined });
  });

  it("is one and the same for all that look at it at the same time, and later", async () => {
    const { first } = await pair();
    first.invites.forget();
    const shown = await Promise.all([first.invites.current(), first.invites.current()]);
    expect(
      new Set([...shown, await first.invites.current()].map((invite) => inviteToUrl(invite, "https://site.example/")))
        .size,
    ).toBe(1);
  });

  it("is refused if its signer is not the issuer that it names", async () => {
    const { first, founder } = await pair();
    const terms = { room: first.genesis.hash, epoch: 0, uses: 0, notAfter: inADay() };
    const { signed } = await makeToken([await makeEphemeralKey(), founder], terms);
    const stripped = await readToken({ ...signed, signatures: signed.signatures.slice(1) });
    expect(() => first.invites.check(stripped, guest)).toThrow("not valid");
  });
});
