/** Memberships of a founder and of those that it lets in, without any network. */
import type { Did } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { Membership, type MembershipParts } from "../membership";
import { beginMembership } from "../membership/parts";
import { foundTestRoom, memberContext } from "./founding";

interface Pair {
  readonly founder: Signer;
  /** The founder's membership. */
  readonly first: Membership;
  readonly parts: MembershipParts;
  readonly member: Signer;
  /** The member's. */
  readonly second: Membership;
}

/** A room with a founder and a member whom it has admitted. */
export async function pair(...options: Parameters<typeof foundTestRoom>): Promise<Pair> {
  const { founder, membership, parts } = await foundTestRoom(...options);
  const member = await makeEphemeralKey();
  return { founder, first: membership, parts, member, second: await join(membership, member) };
}

/** Lets a member admit a guest, and returns the guest's membership. */
export async function join(host: Membership, guest: Signer): Promise<Membership> {
  const { proof, epochs } = await host.admit(guest.did, undefined);
  const { genesis, charter } = host;
  const handed = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data, proof };
  return new Membership(memberContext(guest), await beginMembership(handed));
}

/** Puts an epoch without these members into force at one founder. */
export async function remove(by: Membership, ...dids: Did[]): Promise<void> {
  const { record, secret } = await by.proposeEpoch(dids);
  await by.takeEpochs(by.epochs.with(record, secret));
}
