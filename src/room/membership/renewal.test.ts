/** A membership that rests on a device of the founding house outlives that device, if a founder renews it in time. */
import { expect, it } from "vitest";
import { delegate, makeEphemeralKey } from "../../identity";
import { OPEN_TERMS, memberContext } from "../testing/founding";
import { Membership } from "./membership";
import { beginMembership, found } from "./parts";

const DAY_MS = 86_400_000;

it("takes a proof that holds for longer, and no other", async () => {
  const [house, old, young, guest] = await Promise.all(Array.from({ length: 4 }, () => makeEphemeralKey()));
  const now = Date.now();
  const membershipOf = async (device: typeof old, days: number): Promise<Membership> => {
    const terms = { name: "Ada", subject: device!.did, scopes: ["member" as const, "founder" as const] };
    const delegation = await delegate(house!, { ...terms, issuedAt: now, notAfter: now + days * DAY_MS });
    return new Membership(memberContext(device!), { ...parts, proof: [{ delegation }] });
  };
  const founding = { name: "Attic", founders: [house!.did], quorum: 1, terms: OPEN_TERMS };
  const parts = await found({ ...founding, signers: [house!], delegation: undefined });
  const [first, second] = [await membershipOf(old, 10), await membershipOf(young, 100)];
  const { proof } = await first.admit(guest!.did, undefined);
  const { genesis, charter, epochs } = parts;
  const handed = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data, proof };
  const own = new Membership(memberContext(guest!), await beginMembership(handed));
  expect((await own.ownStanding()).until).toBe(now + 10 * DAY_MS);
  expect(await own.takeProof((await first.admit(guest!.did, undefined)).proof, old!.did)).toBe(false);
  expect(await own.takeProof((await second.admit(guest!.did, undefined)).proof, young!.did)).toBe(true);
  expect((await own.ownStanding()).until).toBe(now + 100 * DAY_MS);
  expect(await own.takeProof((await first.admit(guest!.did, undefined)).proof, old!.did)).toBe(false);
});
