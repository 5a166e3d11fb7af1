/** The room ends in one epoch without removed members, whatever founders decide and in whatever order members meet. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Did, toHex } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { foundTestRoom, memberContext } from "../testing/founding";
import { outranks } from "../membership/epochs";
import { Membership } from "../membership/membership";
import { beginMembership } from "../membership/parts";

const FOUNDERS = 3;
const who = fc.nat({ max: 11 });
const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join" as const), at: who }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("remove" as const), by: fc.nat({ max: FOUNDERS - 1 }), whom: who }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("meet" as const), a: who, b: who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("amend" as const), by: fc.nat({ max: FOUNDERS - 1 }) }) },
);

/** Lets two members meet: the one that is ahead hands on its epochs if the other is still a member. */
async function meet(a: Membership, b: Membership): Promise<void> {
  for (const [ahead, behind] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!outranks(ahead.epochs.head, behind.epochs.head)) continue;
    if (await isMember(ahead, behind)) await behind.takeEpochs(ahead.epochs.data);
  }
  if (!(await isMember(a, b)) || !(await isMember(b, a))) return;
  await a.takeCharter(b.charter.signed);
  await b.takeCharter(a.charter.signed);
}

/** The epoch and the charter that a member holds. */
const held = ({ epochs, charter }: Membership): string =>
  `${epochs.head.n} ${toHex(epochs.head.hash)} ${toHex(charter.hash)}`;

/** Lets all members meet until a round of meetings changes nothing. */
async function settle(all: readonly Membership[]): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const before = all.map(held).join();
    for (const a of all) {
      for (const b of all) {
        // Two members that hold the same have nothing to tell each other.
        if (a !== b && held(a) !== held(b)) await meet(a, b);
      }
    }
    if (all.map(held).join() === before) return;
  }
}

const isMember = (by: Membership, whom: Membership): Promise<boolean> =>
  by.examine(whom.signer.did, whom.proof).then(
    () => true,
    () => false,
  );

async function join(host: Membership): Promise<Membership> {
  const guest = await makeEphemeralKey();
  const { proof, epochs } = await host.admit(guest.did, undefined);
  const { genesis, charter } = host;
  const handed = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data, proof };
  return new Membership(memberContext(guest), await beginMembership(handed));
}

describe("a room", () => {
  it("ends in one epoch and under one charter, without removed members, however often it was split", async () => {
    const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Promise<void> => {
      const others = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
      const { membership, parts } = await foundTestRoom({}, { others });
      const all = [membership, ...others.map((signer) => new Membership(memberContext(signer), parts))];
      const at = (index: number): Membership => all[index % all.length]!;
      for (let i = 0; i < 5; i++) all.push(await join(all[i]!));
      const removed = new Set<Did>();
      for (const one of steps) {
        if (one.kind === "meet") await meet(at(one.a), at(one.b));
        else if (one.kind === "amend") {
          const by = at(one.by);
          await by.takeCharter(await by.proposeCharter({ purpose: `${all.length}` }));
        } else if (one.kind === "join") {
          // Removed members do not know it yet, and go on letting others in.
          const newcomer = await join(at(one.at)).catch(() => undefined);
          if (newcomer) all.push(newcomer);
        } else if (one.whom % all.length >= FOUNDERS) {
          const by = at(one.by);
          const { did } = at(one.whom).signer;
          const { record, secret } = await by.proposeEpoch([did]);
          await by.takeEpochs(by.epochs.with(record, secret));
          removed.add(did);
        }
      }
      await settle(all);

      const [first, ...founders] = all.slice(0, FOUNDERS) as [Membership, ...Membership[]];
      for (const founder of founders) expect(founder.epochs.head).toEqual(first.epochs.head);
      expect([...first.epochs.removed].sort()).toEqual([...removed].sort());
      for (const member of all) {
        const inside = await isMember(first, member);
        if (removed.has(member.signer.did)) expect(inside).toBe(false);
        // Members know the secret of the last epoch; removed nodes do not.
        expect(
          member.epochs.head.n === first.epochs.head.n && member.epochs.secret.join() === first.epochs.secret.join(),
        ).toBe(inside);
        if (inside) expect(member.charter.hash).toEqual(first.charter.hash);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 14 }), run), { numRuns: 40 });
  });
});
