/**
 * How a node proves that it belongs to a room: by being a founder, by a house that vouches for it, or by a chain of
 * admissions that ends at one of those. Every member checks it for itself.
 */
import * as v from "valibot";
import { type Did, MicrogridError, equalBytes } from "../../core";
import { type Revocations, type Signed, SignedSchema, subjectOfRevocation } from "../../identity";
import { MAX_PROOF_STEPS } from "../constants";
import { readUnverifiedToken } from "../invite/token";
import { type PlaceRange, readAdmission } from "./admission";
import type { SignedTerms } from "./charter";
import type { Epochs } from "./epochs";
import type { Genesis } from "./genesis";
import { type House, delegationOf, holds, houseIn, isFounder, readVouch } from "./vouching";

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

/** Whether both show the same statements. Their signatures may differ: whoever has checked one learns nothing from the other. */
export function sameProof(one: Proof, other: Proof): boolean {
  return one.length === other.length && one.every((step, i) => sameStep(step, other[i]!));
}

function sameStep(one: Proof[number], other: Proof[number]): boolean {
  const same = (part: keyof Proof[number]): boolean => sameSigned(one[part], other[part]);
  return same("admission") && same("delegation") && same("token");
}

/** Reasons why a node is not, or no longer, a member; also shown when its links end. */
export const NOT_A_MEMBER = {
  removed: "This device was removed from the room.",
  unlisted: "This device is not on the room's list.",
  homeless: "This device belongs to none of the profiles that the room lists.",
  stranger: "Nobody who is in the room has admitted this device.",
  orphan: "The member that admitted this device was removed from the room.",
  uninvited: "Only owners invite into this room, and this device did not come with an invite of theirs.",
  uncounted: "The rules limit how many people a member brings in, and this device does not show that it was counted.",
  crowd: "The member that let this device in has brought in more people than the rules allow.",
  twice: "The member that let this device in gave the same place to another one.",
  double: "This device let in two others in one place, to bring in more people than the rules allow.",
} as const;

/** A node's place in the room, as its proof shows it. */
export interface Standing {
  /** Whether it has founded the room, or acts for a house that has. */
  readonly founder: boolean;
  /** The house that vouches for it; undefined means that nobody does. */
  readonly house: House | undefined;
  /** The nodes of its chain of admissions, the nearest first. */
  readonly admittedBy: readonly Did[];
  /** When the nearest of them let it in, by that one's own word, ms since 1970. */
  readonly admittedAt?: number | undefined;
  /**
   * The node or house with which it shares what is scarce: the first below a founder on its chain, which may be itself, or the house
   * that the rules ask for.
   */
  readonly branch: Did;
  /** The place that it takes among those of the member that let it in; undefined if a founder did, or nobody counts. */
  readonly place?: PlaceRange | undefined;
  /** When a delegation that it rests on ends, ms since 1970; Infinity without one. It has to be examined again then. */
  readonly until: number;
}

/** A place that an admission takes. */
export interface TakenPlace {
  /** The member whose place it was. */
  readonly by: Did;
  readonly did: Did;
  readonly place: PlaceRange;
  readonly signed: Signed;
  /** Whether a founder says so, and not the member itself. */
  readonly isFounders: boolean;
  /** The proof of the admission's signer. */
  readonly above: Proof;
}

/** The result of examining a proof. */
export interface Examined extends Standing {
  /** How many more nodes may be in the room through it, whatever it has given away; Infinity for no limit. */
  readonly places: number;
  /** The places that the nodes of its chain take. */
  readonly taken: readonly TakenPlace[];
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
  /** Members that gave a place away twice. */
  readonly doubles?: { has(did: Did): boolean };
}

/** Checks a node's proof. Throws `peer-refused` with the reason if the room's rules do not let it in. */
export async function examine(did: Did, proof: Proof, rules: RoomRules, now = Date.now()): Promise<Examined> {
  const { epochs, genesis, terms, doubles } = rules;
  if (epochs.removed.has(did)) throw refusal("removed");
  if (doubles?.has(did) && !epochs.kept.has(did)) throw refusal("double");
  const delegation = await delegationOf(did, proof[0]?.delegation, rules, now);
  if (delegation && epochs.removed.has(delegation.issuer)) throw refusal("removed");
  const house = houseIn(delegation, "member");
  const own = { founder: false, house, admittedBy: [], branch: did, until: delegation?.notAfter ?? Infinity };
  const standing = { ...own, places: Infinity, taken: [] };
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

/** One admission of a chain. */
interface Link {
  readonly did: Did;
  readonly by: Did;
  readonly via: readonly Did[];
  readonly at: number;
  readonly place: PlaceRange | undefined;
  readonly signed: Signed;
  readonly isFounders: boolean;
  /** Whether it shows a founder's open invite, with which anybody could have come. */
  readonly isOpen: boolean;
  readonly above: Proof;
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
): Promise<Pick<Examined, "admittedBy" | "admittedAt" | "branch" | "until" | "place" | "places" | "taken">> {
  const { epochs, genesis } = rules;
  const chain: Link[] = [];
  const checks: (() => Promise<void>)[] = [];
  let [subject, branch, until] = [did, did, Infinity];
  // The founders themselves have said that those who are kept stay.
  for (let i = 0; !epochs.kept.has(subject); i++) {
    const signed = proof[i]?.admission;
    const read = signed && (await readAdmission(signed, genesis.hash));
    if (!signed || read?.body.did !== subject) throw refusal("stranger");
    const { body, verify } = read;
    if (epochs.removed.has(body.by)) throw refusal("orphan");
    checks.push(verify);
    const via = body.via ?? [];
    const kept = via.findIndex((each) => epochs.kept.has(each));
    if (via.slice(0, kept < 0 ? via.length : kept).some((each) => epochs.removed.has(each))) throw refusal("orphan");
    branch = via[kept] ?? via.at(-1) ?? subject;
    const above = proof.slice(i + 1);
    const claimed = await readVouch(body.by, above[0]?.delegation, rules, now);
    if (claimed && epochs.removed.has(claimed.body.issuer)) throw refusal("orphan");
    const link = { did: subject, by: body.by, via, at: body.at, place: body.place, signed, isOpen: false, above };
    if (isFounder(body.by, claimed?.body, genesis)) {
      if (claimed && !genesis.founders.includes(body.by)) {
        checks.push(async () => {
          if (!(await holds(claimed, rules))) throw refusal("stranger");
        });
        until = claimed.body.notAfter;
      }
      chain.push({ ...link, isFounders: true });
      break;
    }
    // A member could count its guests as somebody else's.
    if (body.via) throw refusal("stranger");
    const token = proof[i]?.token;
    const isOpen = !body.place && token !== undefined && rules.terms.admission.kind === "invite";
    if (mustShowInvite(rules) || (isOpen && counts(rules))) checks.push(await readInvite(token, body.at, rules));
    chain.push({ ...link, isOpen, isFounders: false });
    subject = branch = body.by;
  }
  const counted = countedPlaces(chain, rules);
  for (const check of checks.reverse()) await check();
  const admittedBy = chain.flatMap(({ via, by }) => [...via, by]);
  return { admittedBy, admittedAt: chain[0]?.at, branch, until, ...counted };
}

/** Whether proofs have to show that members brought in no more people than the charter allows. */
function counts({ terms, epochs }: RoomRules): boolean {
  return terms.countedFrom !== undefined && epochs.head.n >= terms.countedFrom;
}

/**
 * Follows a chain down from its founder: each member gives away a part of its places, so all below the first one have no more together
 * than the charter gives to one. A guest that comes by a founder's open invite is a founder's.
 */
function countedPlaces(chain: readonly Link[], rules: RoomRules): Pick<Examined, "place" | "places" | "taken"> {
  const most = rules.terms.limits.people ?? Infinity;
  const place = chain[0]?.place;
  if (!counts(rules)) return { place, places: place?.share ?? most, taken: [] };
  const taken: TakenPlace[] = [];
  let places = most;
  for (const { did, by, via, place: own, signed, isFounders, isOpen, above } of [...chain].reverse()) {
    if (!own && !isFounders && !isOpen) throw refusal("uncounted");
    if (own && !isFounders && own.n + own.share >= places) throw refusal("crowd");
    places = own ? Math.min(own.share, most) : most;
    const owner = isFounders ? via[0] : by;
    if (own && owner) taken.push({ by: owner, did, place: own, signed, isFounders, above });
  }
  return { place, places, taken };
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

function refusal(why: keyof typeof NOT_A_MEMBER): MicrogridError {
  return new MicrogridError("peer-refused", NOT_A_MEMBER[why]);
}
