/** Memberships as they begin, are kept and are read again: everything is verified before it counts. */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, randomBytes } from "../../core";
import { DidSchema, Revocations, type Signed, SignedSchema, type Signer, signStatement } from "../../identity";
import { readToken } from "../invite/token";
import { CHARTER, type SignedTerms, firstTerms, openCharter } from "./charter";
import { Epochs, EpochsSchema } from "./epochs";
import { makeGenesis, readGenesis } from "./genesis";
import { type FoundersHead, HeadSchema, openHead } from "./head";
import type { MembershipParts } from "./membership";
import { ProofSchema } from "./proof";

const SECRET_BYTES = 32;

/** A membership as plain data, for storage. */
const StoredSchema = v.strictObject({
  v: v.literal(2),
  genesis: v.instance(Uint8Array),
  charter: SignedSchema,
  epochs: EpochsSchema,
  proof: ProofSchema,
  redeemed: v.array(v.strictObject({ token: v.string(), dids: v.array(DidSchema) })),
  token: v.optional(SignedSchema),
  head: v.optional(HeadSchema),
});
export type StoredMembership = v.InferInput<typeof StoredSchema>;

/** The options for founding a room. */
interface Founding {
  readonly name: string;
  /** The founders' keys on this device; they sign the first charter. */
  readonly signers: readonly [Signer, ...Signer[]];
  /** All founders, `signers` included. */
  readonly founders: readonly Did[];
  readonly quorum: number;
  readonly terms: SignedTerms;
  /** The delegation of the founding node by its house. */
  readonly delegation: Signed | undefined;
}

/** Founds a room. Throws `bad-request` for terms that cannot be. */
export async function found({
  name,
  signers,
  founders,
  quorum,
  terms,
  delegation,
}: Founding): Promise<MembershipParts> {
  const secret = randomBytes(SECRET_BYTES);
  const first = firstTerms(terms);
  const random = randomBytes(16);
  const genesis = await makeGenesis({ name, founders, quorum, random, epochSecret: secret, terms: first });
  const body = { v: 1 as const, room: genesis.hash, version: 0, at: Date.now(), ...first };
  return {
    genesis,
    charter: await openCharter(await signStatement(CHARTER, body, ...signers), genesis),
    epochs: await Epochs.open({ records: [], secrets: [secret] }, genesis),
    proof: delegation ? [{ delegation }] : [],
    redeemed: new Map(),
    token: undefined,
    head: undefined,
  };
}

/** A membership as plain data. */
export function storable(parts: MembershipParts): StoredMembership {
  return {
    v: 2,
    genesis: parts.genesis.record,
    charter: parts.charter.signed,
    epochs: parts.epochs.data,
    proof: parts.proof,
    redeemed: [...parts.redeemed].map(([token, dids]) => ({ token, dids: [...dids] })),
    ...(parts.token && { token: parts.token.signed }),
    ...(parts.head && { head: parts.head.frame }),
  };
}

/** Reads plain data. Throws where anything in it is not valid. */
export async function readStored(data: unknown): Promise<MembershipParts> {
  const stored = v.parse(StoredSchema, withoutRendezvous(data));
  const genesis = await readGenesis(stored.genesis);
  const charter = await openCharter(stored.charter, genesis);
  if (!charter.complete) throw new MicrogridError("peer-protocol", "The charter lacks signatures.");
  const epochs = await Epochs.open(stored.epochs, genesis);
  const rules = { genesis, epochs, terms: charter.terms, revocations: new Revocations() };
  return {
    genesis,
    charter,
    epochs,
    head: stored.head && (await openHead(stored.head, rules).catch(() => undefined)),
    proof: stored.proof,
    redeemed: new Map(stored.redeemed.map(({ token, dids }) => [token, dids])),
    token: stored.token && (await readToken(stored.token)),
  };
}

/** Version 1 kept a rendezvous secret that outlived removals; now it follows from the epoch's secret. */
function withoutRendezvous(data: unknown): unknown {
  const old = v.safeParse(v.looseObject({ v: v.literal(1), rendezvous: v.instance(Uint8Array) }), data);
  if (!old.success) return data;
  const { rendezvous: _, ...rest } = old.output;
  return { ...rest, v: 2 };
}

/** The data that a member hands to a guest that it lets in. */
interface Handed {
  readonly genesis: Bytes;
  readonly charter: Signed;
  readonly epochs: v.InferOutput<typeof EpochsSchema>;
  readonly proof: v.InferOutput<typeof ProofSchema>;
  /** The founders' word as the guest has verified it. */
  readonly head?: FoundersHead | undefined;
}

/** The beginning of a membership. Throws `peer-protocol` where what was handed over is not valid. */
export async function beginMembership(handed: Handed): Promise<MembershipParts> {
  const genesis = await readGenesis(handed.genesis);
  const charter = await openCharter(handed.charter, genesis);
  if (!charter.complete) throw new MicrogridError("peer-protocol", "A peer sent a charter that lacks signatures.");
  return {
    genesis,
    charter,
    epochs: await Epochs.open(handed.epochs, genesis),
    proof: handed.proof,
    head: handed.head,
    redeemed: new Map(),
    token: undefined,
  };
}
