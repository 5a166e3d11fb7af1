/** Every rule of a charter against a member that runs a program of its own: it can neither change the rule nor break it. */
import { describe, expect, it } from "vitest";
import * as v from "valibot";
import type { Did } from "../../core";
import { type Signer, makeEphemeralKey, signStatement } from "../../identity";
import { toyRequest } from "../../inference/testing/toy-provider";
import { type OpenedToken, makeToken } from "../invite/token";
import { OPEN_TERMS, foundTestRoom, memberContext } from "../testing/founding";
import { CHARTER, type SignedTerms } from "./charter";
import { CharterGuard } from "./enforcement";
import { Membership } from "./membership";
import { admit } from "./admission";

type Terms = Partial<SignedTerms>;

/** An honest member's membership of a room with these rules, and a hostile member of it. */
async function roomWith(terms: Terms): Promise<{ honest: Membership; hostile: Signer; founder: Signer }> {
  const { founder, membership } = await foundTestRoom(terms);
  return { honest: membership, hostile: await makeEphemeralKey(), founder };
}

/** The hostile member admits a key of its own with its own program and this invite, and shows it to the honest one. */
async function smuggle(
  terms: Terms,
  invite?: (room: { honest: Membership; hostile: Signer; founder: Signer }) => Promise<OpenedToken>,
): Promise<void> {
  const room = await roomWith(terms);
  const { honest, hostile, founder } = room;
  const { hash } = honest.genesis;
  const guest = await makeEphemeralKey();
  const own = { admission: await admit(founder, hash, hostile.did, Date.now()) };
  const token = (await invite?.(room))?.signed;
  const admission = await admit(hostile, hash, guest.did, Date.now());
  await honest.examine(guest.did, [{ admission, ...(token && { token }) }, own]);
}

/** The same where only founders invite, with an invite of these signers that differs from a founder's in one field. */
function smuggleWith(change: Partial<OpenedToken["token"]>, by: "founder" | "hostile" = "founder"): Promise<void> {
  return smuggle({ invites: "founders" }, (room) => {
    const { honest } = room;
    const terms = { room: honest.genesis.hash, epoch: 0, uses: 0, notAfter: Date.now() + 1e9, ...change };
    return makeToken([room[by]], terms);
  });
}

/** The places that a hostile member gives to keys of its own, one after the other, whatever the schema of admissions says. */
async function crowd(places: readonly unknown[], terms: Terms = { limits: { people: 2 } }): Promise<void> {
  const { honest, hostile, founder } = await roomWith(terms);
  const { hash: room } = honest.genesis;
  const own = { admission: await admit(founder, room, hostile.did, Date.now()) };
  for (const place of places) {
    const { did } = await makeEphemeralKey();
    const body = { v: 1, room, did, by: hostile.did, at: Date.now(), ...(place !== undefined && { place }) };
    const admission = await signStatement({ name: "admission", schema: v.any() }, body, hostile);
    await honest.examine(did, [{ admission }, own]);
  }
}

/** The hostile member's guest, which may bring in one more, brings in two. */
async function crowdBelow(): Promise<void> {
  const { honest, hostile, founder } = await roomWith({ limits: { people: 10 } });
  const { hash } = honest.genesis;
  const [guest, ...others] = (await Promise.all([1, 2, 3].map(() => makeEphemeralKey()))) as [Signer, Signer, Signer];
  const own = { admission: await admit(founder, hash, hostile.did, 1) };
  const guests = { admission: await admit(hostile, hash, guest.did, 1, { place: { n: 0, share: 1 } }) };
  for (const [n, { did }] of others.entries()) {
    const admission = await admit(guest, hash, did, 1, { place: { n, share: 0 } });
    await honest.examine(did, [{ admission }, guests, own]);
  }
}

/** The hostile member sends requests that break a rule. */
async function ask(terms: Terms, running = 0, answers = 1): Promise<void> {
  const guard = new CharterGuard(() => ({ ...OPEN_TERMS, ...terms }));
  const consumer = { did: "did:key:hostile" as Did, running, shares: false };
  for (let i = 0; i < answers; i++) {
    const rule = guard.check(toyRequest(100), consumer);
    if (rule) throw new Error(`refused: ${rule}`);
  }
}

/** An invite that the hostile member has made. */
async function invite(terms: Terms): Promise<void> {
  const { honest, hostile } = await roomWith(terms);
  const limits = { room: honest.genesis.hash, epoch: 0, uses: 0, notAfter: Date.now() + 1e9 };
  honest.invites.check(await makeToken([hostile], limits), (await makeEphemeralKey()).did);
}

const nobody = "did:key:z6MkhFwXNFWosLeugvSf4wcL9t3uuRXueGSFTRgSvHhWj5G2" as Did;

interface Rule {
  /** Another value of the rule, which the hostile member would like better. */
  readonly change: Terms;
  /** Breaking it; absent for rules that nodes only show, or that have no effect yet. */
  readonly attacks?: Readonly<Record<string, () => Promise<void>>>;
}

const RULES: Readonly<Record<keyof SignedTerms, Rule>> = {
  name: { change: { name: "Mine" } },
  purpose: { change: { purpose: "Mine" } },
  servers: { change: { servers: ["http://hostile.example/"] } },
  logs: { change: { logs: "Nothing" } },
  endpoints: { change: { endpoints: false } },
  federation: { change: { federation: true } },
  admission: {
    change: { admission: { kind: "approval" } },
    attacks: {
      unlisted: () => smuggle({ admission: { kind: "listed", dids: [nobody] } }),
      homeless: () => smuggle({ admission: { kind: "houses", houses: [nobody] } }),
    },
  },
  invites: {
    change: { invites: "founders" },
    attacks: {
      "only owners can invite": () => invite({ invites: "founders" }),
      "no invite": () => smuggle({ invites: "founders" }),
      "an invite of its own": () => smuggleWith({}, "hostile"),
      "an invite of another room": () => smuggleWith({ room: new Uint8Array(32) }),
      "an invite that ended before": () => smuggleWith({ notAfter: 1 }),
      "an invite that only its issuer redeems": () => smuggleWith({ uses: 5 }),
    },
  },
  provenFrom: {
    change: { invites: "founders", provenFrom: 7 },
  },
  models: { change: { models: [] }, attacks: { models: () => ask({ models: ["other"] }) } },
  contribution: {
    change: { contribution: "expected" },
    attacks: { contribution: () => ask({ contribution: "expected" }) },
  },
  limits: {
    change: { limits: { jobsAtOnce: 1 } },
    attacks: {
      jobsAtOnce: () => ask({ limits: { jobsAtOnce: 2 } }, 2),
      tokensPerAnswer: () => ask({ limits: { tokensPerAnswer: 99 } }),
      answersPerHour: () => ask({ limits: { answersPerHour: 2 } }, 0, 3),
      "a number at the limit": () =>
        crowd([
          { n: 0, share: 0 },
          { n: 1, share: 0 },
          { n: 2, share: 0 },
        ]),
      "more places for a guest than there are": () => crowd([{ n: 0, share: 2 }]),
      "more places than the guest has": () => crowdBelow(),
      "one number twice": () =>
        crowd([
          { n: 0, share: 0 },
          { n: 0, share: 0 },
        ]),
      "a place that was given to a guest": () =>
        crowd([
          { n: 0, share: 1 },
          { n: 1, share: 0 },
        ]),
      "no number": () => crowd([undefined]),
      "no number, where members are asked": () =>
        crowd([undefined], { admission: { kind: "approval" }, limits: { people: 2 } }),
      "an invite of its own instead of a number": () =>
        smuggle({ limits: { people: 2 } }, ({ honest, hostile }) =>
          makeToken([hostile], { room: honest.genesis.hash, epoch: 0, uses: 0, notAfter: Date.now() + 1e9 }),
        ),
      "a negative number": () => crowd([{ n: -1, share: 0 }]),
      "a huge number": () => crowd([{ n: 2 ** 53, share: 0 }]),
      "half a number": () => crowd([{ n: 0.5, share: 0 }]),
    },
  },
  countedFrom: {
    change: { countedFrom: 7 },
  },
};

const UNINVITED = /did not come with an invite/;
const CROWD = /more people than the rules allow/;
const UNCOUNTED = /does not show that it was counted/;
const TWICE = /the same place to another one/;
const NONSENSE = /admission that makes no sense/;
const WHY: Readonly<Record<string, RegExp>> = {
  unlisted: /not on the room's list/,
  homeless: /none of the profiles/,
  "no invite": UNINVITED,
  "an invite of its own": UNINVITED,
  "an invite of another room": UNINVITED,
  "an invite that ended before": UNINVITED,
  "an invite that only its issuer redeems": UNINVITED,
  "a number at the limit": CROWD,
  "more places for a guest than there are": CROWD,
  "more places than the guest has": CROWD,
  "one number twice": TWICE,
  "a place that was given to a guest": TWICE,
  "no number": UNCOUNTED,
  "no number, where members are asked": UNCOUNTED,
  "an invite of its own instead of a number": UNINVITED,
  "a negative number": NONSENSE,
  "a huge number": NONSENSE,
  "half a number": NONSENSE,
};

describe.each(Object.entries(RULES))("the rule %s", (_, { change, attacks = {} }) => {
  it("is changed by nobody but the founders", async () => {
    const { honest, hostile, founder } = await roomWith({});
    const body = { v: 1, room: honest.genesis.hash, version: 1, previous: honest.charter.hash, at: 1 } as const;
    const changed = { ...body, ...OPEN_TERMS, ...change };
    const forger = { ...hostile, did: founder.did };
    for (const signer of [hostile, forger]) {
      const signed = await signStatement(CHARTER, changed, signer);
      await expect(honest.takeCharter(signed)).rejects.toMatchObject({ code: "peer-protocol" });
    }
    expect(await honest.takeCharter(await signStatement(CHARTER, changed))).toBe(false);
    expect(honest.charter.version).toBe(0);
    expect(await honest.takeCharter(await signStatement(CHARTER, changed, founder))).toBe(true);
  });

  it.each(Object.entries(attacks))("is not broken: %s", async (why, attack) => {
    await expect(attack()).rejects.toThrow(WHY[why] ?? why);
  });
});

it("nobody who belongs to the room can change what a founder's other rooms say", async () => {
  const { honest, founder } = await roomWith({});
  const { membership: other } = await foundTestRoom();
  const theirs = new Membership(memberContext(founder), honest.parts);
  await expect(other.takeCharter(await theirs.proposeCharter({ name: "Mine" }))).rejects.toThrow("another room");
});

it("a member lets others in with an open invite of a founder, whose signature is verified", async () => {
  await smuggleWith({});
  const forge = smuggle({ invites: "founders" }, async ({ honest, hostile, founder }) => {
    const terms = { room: honest.genesis.hash, epoch: 0, uses: 0, notAfter: Date.now() + 1e9 };
    const own = await makeToken([hostile], terms);
    const [mine] = own.signed.signatures;
    return { ...own, signed: { ...own.signed, signatures: [mine!, { ...mine!, did: founder.did }] } };
  });
  await expect(forge).rejects.toMatchObject({ code: "peer-protocol" });
});
