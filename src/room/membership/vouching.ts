/** How houses vouch for nodes: which delegations hold now, and what follows from them. */
import type { Did } from "../../core";
import {
  type Delegation,
  type Revocations,
  type Scope,
  type Signed,
  type UnverifiedStatement,
  readDelegation,
} from "../../identity";
import type { Genesis } from "./genesis";

/** The delegations that houses took back, as far as this node knows. */
interface Vouching {
  readonly revocations: Revocations;
}

/** A house that vouches for a node. */
export interface House {
  readonly did: Did;
  readonly name: string;
}

/** Whether a node is a founder, or acts for one: its house must have given it that scope. */
export function isFounder(did: Did, delegation: Delegation | undefined, { founders }: Genesis): boolean {
  const house = houseIn(delegation, "founder");
  return founders.includes(did) || (house !== undefined && founders.includes(house.did));
}

/** The house that vouches for a node now with the scope that is needed; undefined where none validly does. */
export async function houseOf(
  did: Did,
  signed: Signed | undefined,
  rules: Vouching,
  needs: Scope,
  now = Date.now(),
): Promise<House | undefined> {
  return houseIn(await delegationOf(did, signed, rules, now), needs);
}

/** The house of a delegation, if it has given that scope. */
export function houseIn(delegation: Delegation | undefined, needs: Scope): House | undefined {
  return delegation?.scopes.includes(needs) ? { did: delegation.issuer, name: delegation.name } : undefined;
}

/** A delegation that holds now and is verified. */
export async function delegationOf(
  did: Did,
  signed: Signed | undefined,
  rules: Vouching,
  now: number,
): Promise<Delegation | undefined> {
  const claimed = await readVouch(did, signed, rules, now);
  const isGood = claimed && (await holds(claimed, rules).catch(() => false));
  return isGood ? claimed.body : undefined;
}

/** Whether nobody revoked a delegation, as far as is known once its house is met. Throws `peer-protocol` for a wrong signature. */
export async function holds(
  { verify, body }: UnverifiedStatement<Delegation>,
  { revocations }: Vouching,
): Promise<boolean> {
  await verify();
  await revocations.meet(body.issuer);
  return !revocations.revoked(body);
}

/** A delegation that would hold now, if its signature is right. */
export async function readVouch(
  did: Did,
  signed: Signed | undefined,
  { revocations }: Vouching,
  now: number,
): Promise<UnverifiedStatement<Delegation> | undefined> {
  const claimed = signed && (await readDelegation(signed, did, now).catch(() => undefined));
  return claimed && !revocations.revoked(claimed.body) ? claimed : undefined;
}
