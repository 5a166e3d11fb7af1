/**
 * How a node proves that it belongs to a room: by being a founder, by a house that vouches for it, or by a chain of
 * admissions that ends at one of those. Every member checks it for itself.
 */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, encodeCbor, equalBytes } from "../../core";
import {
  type Delegation,
  DidSchema,
  type Revocations,
  type Signed,
  SignedSchema,
  type Signer,
  type Scope,
  type StatementKind,
  type UnverifiedStatement,
  bytesSchema,
  readDelegation,
  readStatement,
  signStatement,
  subjectOfRevocation,
} from "../../identity";
import { MAX_PROOF_STEPS } from "../constants";
import { readUnverifiedToken } from "../invite/token";
import type { SignedTerms } from "./charter";
import type { Epochs } from "./epochs";
import type { Genesis } from "./genesis";

const ADMISSION = {
  name: "admission",
  schema: v.strictObject({
    v: v.literal(1),
    room: bytesSchema(32),
    did: DidSchema,
    by: DidSchema,
    /**
     * A founder that admits a member again names those who let it in until then, the nearest first: if one of them is removed,
     * so is the member.
     */
    via: v.optional(v.pipe(v.array(DidSchema), v.minLength(1), v.maxLength(MAX_PROOF_STEPS))),
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
} satisfies StatementKind<v.GenericSchema>;

/**
 * One node of the chain: its house's delegation, its admission and, where only founders invite, the invite with which it came. The next
 * step is about the node that admitted it.
 */
const Step = v.strictObject({
  admission: v.optional(SignedSchema),
  delegation: v.optional(SignedSchema),
  token: v.optional(SignedSchema),
});
export const ProofSchema = v.pipe(v.array(Step), v.maxLength(MAX_PROOF_STEPS));
export type Proof = v.InferOutput<typeof ProofSchema>;

export function sameSigned(a: Signed | undefined, b: Signed | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && equalBytes(a.payload, b.payload));
}

export function sameProof(one: Proof, other: Proof): boolean {
  return equalBytes(encodeCbor(one), encodeCbor(other));
}

/** Reasons why a node is not, or no longer, a member; also shown when its links end. */
export const NOT_A_MEMBER = {
  removed: "This device was removed from the room.",
  unlisted: "This device is not on the room's list.",
  homeless: "This device belongs to none of the profiles that the room lists.",
  stranger: "Nobody who is in the room has admitted this device.",
  orphan: "The member that admitted this device was removed from the room.",
  uninvited: "Only owners invite into this room, and this device did not come with an invite of theirs.",
} as const;

/** A house that vouches for a node. */
interface House {
  readonly did: Did;
  readonly name: string;
}

/** A node's place in the room, as its proof shows it. */
export interface Standing {
  /** Whether it has founded the room, or acts for a house that has. */
  readonly founder: boolean;
  /** The house that vouches for it; undefined means that nobody does. */
  readonly house: House | undefined;
  /** The nodes of its chain of admissions, the nearest first. */
  readonly admittedBy: readonly Did[];
  /**
   * The node or house with which it shares what is scarce: the first below a founder on its chain, which may be itself, or the house
   * that the rules ask for.
   */
  readonly branch: Did;
  /** When a delegation that it rests on ends, ms since 1970; Infinity without one. It has to be examined again then. */
  readonly until: number;
}

/** Whether a standing was valid once and is not any more: a delegation that it rests on has ended. */
export function hasEnded(_: Did, { until }: Standing): boolean {
  return until < Date.now();
}

/** Whether a standing may rest on a delegation that this revocation ends. */
export function restsOn(revocation: Signed): (did: Did, standing: Standing) => boolean {
  const subject = subjectOfRevocation(revocation);
  return (did, { admittedBy }) => did === subject || admittedBy.includes(subject);
}

/** The room against which a proof is checked. */
export interface RoomRules {
  readonly genesis: Genesis;
  readonly epochs: Pick<Epochs, "head" | "removed" | "kept">;
  readonly terms: SignedTerms;
  readonly revocations: Revocations;
}

/** Admits a node in the name of `by`. `via`: the nodes that let it in until now, if a founder admits it again. */
export function admit(by: Signer, room: Bytes, did: Did, at: number, via: readonly Did[] = []): Promise<Signed> {
  return signStatement(ADMISSION, { v: 1, room, did, by: by.did, ...(via.length > 0 && { via: [...via] }), at }, by);
}

/** Checks a node's proof. Throws `peer-refused` with the reason if the room's rules do not let it in. */
export async function examine(did: Did, proof: Proof, rules: RoomRules, now = Date.now()): Promise<Standing> {
  const { epochs, genesis, terms } = rules;
  if (epochs.removed.has(did)) throw refusal("removed");
  const delegation = await delegationOf(did, proof[0]?.delegation, rules, now);
  if (delegation && epochs.removed.has(delegation.issuer)) throw refusal("removed");
  const house = houseIn(delegation, "member");
  const standing = { founder: false, house, admittedBy: [], branch: did, until: delegation?.notAfter ?? Infinity };
  const ofHouse = house && { ...standing, branch: house.did };
  if (genesis.founders.includes(did)) return { ...standing, founder: true };
  if (isFounder(did, delegation, genesis)) return { ...standing, ...ofHouse, founder: true };
  switch (terms.admission.kind) {
    case "listed":
      if (terms.admission.dids.includes(did)) return standing;
      if (ofHouse && terms.admission.dids.includes(ofHouse.branch)) return ofHouse;
      throw refusal("unlisted");
    case "houses":
      if (ofHouse && terms.admission.houses.includes(ofHouse.branch)) return ofHouse;
      throw refusal("homeless");
    case "invite":
    case "approval": {
      const { until, ...chain } = await admittersOf(did, proof, rules, now);
      return { ...standing, ...chain, until: Math.min(standing.until, until) };
    }
  }
}

/**
 * Follows the chain of admissions up to a founder, whose delegation must be valid now: the date of an admission is the word of
 * its signer. Signatures are verified when all else fits, the founder's first.
 */
async function admittersOf(
  did: Did,
  proof: Proof,
  rules: RoomRules,
  now: number,
): Promise<Pick<Standing, "admittedBy" | "branch" | "until">> {
  const { epochs, genesis } = rules;
  const admittedBy: Did[] = [];
  const checks: (() => Promise<void>)[] = [];
  let [subject, branch, until] = [did, did, Infinity];
  // The founders themselves have said that those who are kept stay.
  for (let i = 0; !epochs.kept.has(subject); i++) {
    const admission = proof[i]?.admission;
    if (!admission) throw refusal("stranger");
    const { body, verify } = await readAdmission(admission, subject, rules);
    if (epochs.removed.has(body.by)) throw refusal("orphan");
    checks.push(verify);
    const via = body.via ?? [];
    const kept = via.findIndex((each) => epochs.kept.has(each));
    if (via.slice(0, kept < 0 ? via.length : kept).some((each) => epochs.removed.has(each))) throw refusal("orphan");
    admittedBy.push(...via, body.by);
    branch = via[kept] ?? via.at(-1) ?? subject;
    const claimed = await readVouch(body.by, proof[i + 1]?.delegation, rules, now);
    if (claimed && epochs.removed.has(claimed.body.issuer)) throw refusal("orphan");
    if (isFounder(body.by, claimed?.body, genesis)) {
      if (claimed && !genesis.founders.includes(body.by)) {
        checks.push(async () => {
          if (!(await holds(claimed, rules))) throw refusal("stranger");
        });
        until = claimed.body.notAfter;
      }
      break;
    }
    // A member could count its guests as somebody else's.
    if (body.via) throw refusal("stranger");
    if (mustShowInvite(rules)) checks.push(await readInvite(proof[i]?.token, body.at, rules));
    subject = branch = body.by;
  }
  for (const check of checks.reverse()) await check();
  return { admittedBy, branch, until };
}

async function readAdmission(
  signed: Signed,
  did: Did,
  { genesis }: RoomRules,
): Promise<UnverifiedStatement<{ by: Did; via?: Did[] | undefined; at: number }>> {
  const read = await readStatement(ADMISSION, signed);
  const { body, signers } = read;
  const fits = body.did === did && equalBytes(body.room, genesis.hash);
  if (!fits || signers.length !== 1 || signers[0] !== body.by) throw refusal("stranger");
  return read;
}

/** Whether a member's admission counts only with a founder's invite. */
function mustShowInvite({ terms, epochs }: RoomRules): boolean {
  return terms.invites === "founders" && terms.provenFrom !== undefined && epochs.head.n >= terms.provenFrom;
}

/**
 * Checks that a member may let in others with this invite: a founder's, without a count, since its issuer alone redeems a counted one.
 * The result verifies its signatures.
 */
async function readInvite(
  signed: Signed | undefined,
  at: number,
  { genesis }: RoomRules,
): Promise<() => Promise<void>> {
  if (!signed) throw refusal("uninvited");
  const { body, signers, verify } = await readUnverifiedToken(signed);
  const fits = equalBytes(body.room, genesis.hash) && body.uses === 0 && at <= body.notAfter;
  const isOurs = signers.includes(body.issuer) && signers.some((did) => genesis.founders.includes(did));
  if (!fits || !isOurs) throw refusal("uninvited");
  return verify;
}

/** Whether a node is a founder, or acts for one: its house must have given it that scope. */
function isFounder(did: Did, delegation: Delegation | undefined, { founders }: Genesis): boolean {
  const house = houseIn(delegation, "founder");
  return founders.includes(did) || (house !== undefined && founders.includes(house.did));
}

/** The house that vouches for a node now with the scope that is needed; undefined where none validly does. */
export async function houseOf(
  did: Did,
  signed: Signed | undefined,
  rules: Pick<RoomRules, "revocations">,
  needs: Scope,
  now = Date.now(),
): Promise<House | undefined> {
  return houseIn(await delegationOf(did, signed, rules, now), needs);
}

function houseIn(delegation: Delegation | undefined, needs: Scope): House | undefined {
  return delegation?.scopes.includes(needs) ? { did: delegation.issuer, name: delegation.name } : undefined;
}

/** A delegation that holds now and is verified. */
async function delegationOf(
  did: Did,
  signed: Signed | undefined,
  rules: Pick<RoomRules, "revocations">,
  now: number,
): Promise<Delegation | undefined> {
  const claimed = await readVouch(did, signed, rules, now);
  const isGood = claimed && (await holds(claimed, rules).catch(() => false));
  return isGood ? claimed.body : undefined;
}

/** Whether nobody revoked a delegation, as far as is known once its house is met. Throws `peer-protocol` for a wrong signature. */
async function holds(
  { verify, body }: UnverifiedStatement<Delegation>,
  { revocations }: Pick<RoomRules, "revocations">,
): Promise<boolean> {
  await verify();
  await revocations.meet(body.issuer);
  return !revocations.revoked(body);
}

/** A delegation that would hold now, if its signature is right. */
async function readVouch(
  did: Did,
  signed: Signed | undefined,
  { revocations }: Pick<RoomRules, "revocations">,
  now: number,
): Promise<UnverifiedStatement<Delegation> | undefined> {
  const claimed = signed && (await readDelegation(signed, did, now).catch(() => undefined));
  return claimed && !revocations.revoked(claimed.body) ? claimed : undefined;
}

function refusal(why: keyof typeof NOT_A_MEMBER): MicrogridError {
  return new MicrogridError("peer-refused", NOT_A_MEMBER[why]);
}
