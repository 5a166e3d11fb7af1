/**
 * How a node proves that it belongs to a room: by being a founder, by a house that vouches for it, or by a chain of
 * admissions that ends at one of those. Every member checks it for itself.
 */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, equalBytes } from "../../core";
import {
  type Delegation,
  DidSchema,
  type Revocations,
  type Signed,
  SignedSchema,
  type Signer,
  type StatementKind,
  bytesSchema,
  openDelegation,
  openStatement,
  signStatement,
} from "../../identity";
import { MAX_PROOF_STEPS } from "../constants";
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
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
} satisfies StatementKind<v.GenericSchema>;

/** One node of the chain: its house's delegation and its admission. The next step is about the node that admitted it. */
const Step = v.strictObject({ admission: v.optional(SignedSchema), delegation: v.optional(SignedSchema) });
export const ProofSchema = v.pipe(v.array(Step), v.maxLength(MAX_PROOF_STEPS));
export type Proof = v.InferOutput<typeof ProofSchema>;

/** Reasons why a node is not, or no longer, a member; also shown when its links end. */
export const NOT_A_MEMBER = {
  removed: "This device was removed from the room.",
  unlisted: "This device is not on the room's list.",
  homeless: "This device belongs to none of the profiles that the room lists.",
  stranger: "Nobody who is in the room has admitted this device.",
  orphan: "The member that admitted this device was removed from the room.",
} as const;

/** A node's place in the room, as its proof shows it. */
export interface Standing {
  /** Whether it, or its house, has founded the room. */
  readonly founder: boolean;
  /** The house that vouches for it; undefined means that nobody does. */
  readonly house: { readonly did: Did; readonly name: string } | undefined;
  /** The nodes of its chain of admissions, the nearest first. */
  readonly admittedBy: readonly Did[];
}

/** The room against which a proof is checked. */
export interface RoomRules {
  readonly genesis: Genesis;
  readonly epochs: Pick<Epochs, "removed" | "kept">;
  readonly terms: SignedTerms;
  readonly revocations: Revocations;
}

/** Admits a node in the name of `by`. */
export function admit(by: Signer, room: Bytes, did: Did, at: number): Promise<Signed> {
  return signStatement(ADMISSION, { v: 1, room, did, by: by.did, at }, by);
}

/** Checks a node's proof. Throws `peer-refused` with the reason if the room's rules do not let it in. */
export async function examine(did: Did, proof: Proof, rules: RoomRules, now = Date.now()): Promise<Standing> {
  const { epochs, genesis, terms } = rules;
  const house = await houseOf(did, proof[0]?.delegation, rules, now);
  const isOf = (list: ReadonlySet<Did>): boolean => list.has(did) || (house !== undefined && list.has(house.did));
  if (isOf(epochs.removed)) throw refusal("removed");
  if (isOf(new Set(genesis.founders))) return { founder: true, house, admittedBy: [] };
  const standing = { founder: false, house, admittedBy: [] };
  switch (terms.admission.kind) {
    case "listed":
      if (isOf(new Set(terms.admission.dids))) return standing;
      throw refusal("unlisted");
    case "houses":
      if (house && terms.admission.houses.includes(house.did)) return standing;
      throw refusal("homeless");
    case "invite":
    case "approval":
      return { ...standing, admittedBy: await admittersOf(did, proof, rules, now) };
  }
}

/** Follows the chain of admissions up to a founder. */
async function admittersOf(did: Did, proof: Proof, rules: RoomRules, now: number): Promise<Did[]> {
  const { epochs, genesis } = rules;
  const founders = new Set(genesis.founders);
  const admitters: Did[] = [];
  let subject = did;
  for (const [i, step] of proof.entries()) {
    // The founders themselves have said that this one stays.
    if (epochs.kept.has(subject)) return admitters;
    if (!step.admission) break;
    const { by, at } = await openAdmission(step.admission, subject, rules);
    if (epochs.removed.has(by)) throw refusal("orphan");
    admitters.push(by);
    if (founders.has(by)) return admitters;
    const house = await houseOf(by, proof[i + 1]?.delegation, rules, Math.min(at, now));
    if (house && epochs.removed.has(house.did)) throw refusal("orphan");
    if (house && founders.has(house.did)) return admitters;
    subject = by;
  }
  if (epochs.kept.has(subject)) return admitters;
  throw refusal("stranger");
}

async function openAdmission(signed: Signed, did: Did, { genesis }: RoomRules): Promise<{ by: Did; at: number }> {
  const opened = await openStatement(ADMISSION, signed, ({ body, signers }) => {
    const fits = body.did === did && equalBytes(body.room, genesis.hash);
    if (!fits || signers.length !== 1 || signers[0] !== body.by) throw refusal("stranger");
  });
  return opened.body;
}

/** The house that vouches for a node at a time; undefined where none validly does. */
export async function houseOf(
  did: Did,
  signed: Signed | undefined,
  { revocations }: Pick<RoomRules, "revocations">,
  at: number,
): Promise<Standing["house"]> {
  const delegation: Delegation | undefined = signed && (await openDelegation(signed, did, at).catch(() => undefined));
  if (!delegation?.scopes.includes("member") || revocations.revoked(delegation)) return undefined;
  return { did: delegation.issuer, name: delegation.name };
}

function refusal(why: keyof typeof NOT_A_MEMBER): MicrogridError {
  return new MicrogridError("peer-refused", NOT_A_MEMBER[why]);
}

/** Whether a link ended since one side does not take the other for a member. */
export function saysNotAMember(reason: string): boolean {
  return Object.values<string>(NOT_A_MEMBER).includes(reason);
}
