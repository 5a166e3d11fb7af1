/** The rules of a room, which its founders sign and every node checks for itself. */
import * as v from "valibot";
import {
  type Bytes,
  type DeepReadonly,
  type Did,
  MicrogridError,
  encodeCbor,
  equalBytes,
  sha256,
  toHex,
} from "../../core";
import { DidSchema, type Signed, type StatementKind, bytesSchema, readStatement } from "../../identity";
import {
  MAX_CHARTER_LIST,
  MAX_CHARTER_TEXT_CHARS,
  MAX_MODEL_CHARS,
  MAX_PEOPLE,
  MAX_ROOM_NAME_CHARS,
  MAX_SERVERS,
  STANDARD_PEOPLE,
} from "../constants";
import { ServerSchema } from "../schemas";
import type { Genesis } from "./genesis";

const text = v.pipe(v.string(), v.maxLength(MAX_CHARTER_TEXT_CHARS));
const dids = v.pipe(v.array(DidSchema), v.maxLength(MAX_CHARTER_LIST));
const limit = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

const epochNumber = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)));

/** The rules of a room. Its founders sign them, and every node enforces them by itself. */
const TermsSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_CHARS)),
  /** The purpose of the room, in the founders' words; may be empty. */
  purpose: text,
  /** The rule that says who may enter. Founders can always enter. */
  admission: v.variant("kind", [
    /** Anyone with an invite may enter. */
    v.strictObject({ kind: v.literal("invite") }),
    /** Anyone with an invite may knock, and a member decides. */
    v.strictObject({ kind: v.literal("approval") }),
    /** Only these nodes, or nodes of these houses, given by their dids. */
    v.strictObject({ kind: v.literal("listed"), dids }),
    /** Every node that one of these houses vouches for as a member. */
    v.strictObject({ kind: v.literal("houses"), houses: dids }),
  ]),
  /** The people who may make invites. */
  invites: v.picklist(["members", "founders"]),
  /**
   * Where only founders invite: from this epoch on, proofs show it. Nodes set it when they sign that rule; without it, only the
   * doors ask for a founder's invite.
   */
  provenFrom: epochNumber,
  /** URLs of the room's signaling servers. */
  servers: v.pipe(v.array(ServerSchema), v.minLength(1), v.maxLength(MAX_SERVERS)),
  /** Ids of the models that may answer here. */
  models: v.union([
    v.literal("any"),
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(MAX_MODEL_CHARS))), v.maxLength(MAX_CHARTER_LIST)),
  ]),
  /** Limits for each member; absent means no limit. */
  limits: v.strictObject({
    jobsAtOnce: limit,
    tokensPerAnswer: limit,
    answersPerHour: limit,
    /** How many people a member may bring in, those included whom these bring in. */
    people: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PEOPLE))),
  }),
  /** From this epoch on, proofs show that nobody has exceeded `limits.people`. Nodes set it when they sign that limit. */
  countedFrom: epochNumber,
  /** With `expected`, members get answers only while they share their own device. */
  contribution: v.picklist(["welcome", "expected"]),
  /** Whether members may answer through remote endpoints. */
  endpoints: v.boolean(),
  /** Whether spare capacity may be offered to other rooms. */
  federation: v.boolean(),
  /** Describes what is logged, in the founders' words; empty means that nothing is logged. */
  logs: text,
});

/** The rules of a room as people write them. */
export type CharterTerms = DeepReadonly<v.InferInput<typeof TermsSchema>>;
/** The rules of a room as a node has read them, with checked DIDs. */
export type SignedTerms = v.InferOutput<typeof TermsSchema>;

export const CHARTER = {
  name: "charter",
  schema: v.strictObject({
    v: v.literal(1),
    room: bytesSchema(32),
    /** Counts changes from 0. */
    version: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** Hash of the version before; absent in the first. */
    previous: v.optional(bytesSchema(32)),
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
    ...TermsSchema.entries,
  }),
} satisfies StatementKind<v.GenericSchema>;

/** A charter that its founders have signed. */
export interface Charter {
  readonly signed: Signed;
  readonly hash: Bytes;
  readonly version: number;
  readonly terms: SignedTerms;
}

/** A charter as it may be proposed. */
interface ProposedCharter extends Charter {
  /** The founders who have signed it so far. */
  readonly signers: readonly Did[];
  /** Whether these signatures are enough. The first version needs only one: the founder who opens a room begins alone. */
  readonly complete: boolean;
}

/** A charter whose signatures are not verified yet. */
interface UnverifiedCharter extends ProposedCharter {
  /** Throws `peer-protocol` if a signature is wrong. */
  verify(): Promise<void>;
}

/** Reads a charter without verifying its signatures. Throws `peer-protocol` if it is not for this room and by its founders. */
export async function readCharter(signed: Signed, genesis: Genesis): Promise<UnverifiedCharter> {
  const { body, signers, hash, verify } = await readStatement(CHARTER, signed);
  if (!equalBytes(body.room, genesis.hash) || signers.some((did) => !genesis.founders.includes(did))) {
    throw new MicrogridError("peer-protocol", "A peer sent a charter of another room, or of strangers.");
  }
  const { v: _v, room: _room, version, previous: _previous, at: _at, ...terms } = body;
  // One signature is enough for the first version, since the genesis record holds its terms already.
  if (version === 0 && !equalBytes(await sha256(encodeCbor(terms)), genesis.termsHash)) {
    throw new MicrogridError("peer-protocol", "A peer sent a charter that is not the one with which the room began.");
  }
  const needed = version === 0 ? 1 : genesis.quorum;
  return { signed, hash, version, terms, signers, complete: signers.length >= needed, verify };
}

/** Reads a charter. Throws `peer-protocol` if the founders of this room have not signed it. */
export async function openCharter(signed: Signed, genesis: Genesis): Promise<ProposedCharter> {
  const { verify, ...charter } = await readCharter(signed, genesis);
  await verify();
  return charter;
}

/** The fields that distinguish versions of a charter. */
interface CharterHead {
  readonly version: number;
  readonly hash: Uint8Array;
}

/** Whether one version replaces another: the later one does or, if founders disagreed, the one with the lower hash. */
export function supersedes(next: CharterHead, old: CharterHead): boolean {
  if (next.version !== old.version) return next.version > old.version;
  return toHex(next.hash) < toHex(old.hash);
}

/** The rules with which a room begins: from the beginning, proofs show all that they ask for. */
export function firstTerms({ provenFrom: _, ...terms }: SignedTerms): SignedTerms {
  const limits = { ...terms.limits, people: terms.limits.people ?? STANDARD_PEOPLE };
  return { ...terms, limits, countedFrom: 0, ...(terms.invites === "founders" && { provenFrom: 0 }) };
}

/** The rules that a request can break, by name. */
export const CHARTER_RULES = ["models", "jobsAtOnce", "tokensPerAnswer", "answersPerHour", "contribution"] as const;
export type CharterRule = (typeof CHARTER_RULES)[number];
