/** The rules of a room, which its founders sign and every node checks for itself. */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, encodeCbor, equalBytes, sha256, toHex } from "../../core";
import { DidSchema, type Opened, type Signed, type StatementKind, bytesSchema, openStatement } from "../../identity";
import {
  MAX_CHARTER_LIST,
  MAX_CHARTER_TEXT_CHARS,
  MAX_MODEL_CHARS,
  MAX_ROOM_NAME_CHARS,
  MAX_SERVERS,
  MAX_SERVER_CHARS,
} from "../constants";
import type { Genesis } from "./genesis";

const text = v.pipe(v.string(), v.maxLength(MAX_CHARTER_TEXT_CHARS));
const dids = v.pipe(v.array(DidSchema), v.maxLength(MAX_CHARTER_LIST));
const limit = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

/** The URL of a signaling server, in an invite or a charter. */
export const ServerSchema = v.pipe(v.string(), v.maxLength(MAX_SERVER_CHARS), v.url(), v.startsWith("http"));

/** The terms that the founders agree on. */
const Terms = {
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_CHARS)),
  /** The purpose of the room, in the founders' words. */
  purpose: text,
  /** How devices other than the founders' may enter. */
  admission: v.variant("kind", [
    v.strictObject({ kind: v.literal("invite") }),
    v.strictObject({ kind: v.literal("approval") }),
    v.strictObject({ kind: v.literal("listed"), dids }),
    v.strictObject({ kind: v.literal("houses"), houses: dids }),
  ]),
  invites: v.picklist(["members", "founders"]),
  servers: v.pipe(v.array(ServerSchema), v.minLength(1), v.maxLength(MAX_SERVERS)),
  models: v.union([
    v.literal("any"),
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(MAX_MODEL_CHARS))), v.maxLength(MAX_CHARTER_LIST)),
  ]),
  /** Limits for each member. */
  limits: v.strictObject({ jobsAtOnce: limit, tokensPerAnswer: limit, answersPerHour: limit }),
  contribution: v.picklist(["welcome", "expected"]),
  endpoints: v.boolean(),
  federation: v.boolean(),
  /** A description of logging, in the founders' words; empty means that nothing is logged. */
  logs: text,
};

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
    ...Terms,
  }),
} satisfies StatementKind<v.GenericSchema>;

type CharterBody = v.InferOutput<typeof CHARTER.schema>;

/** The rules themselves. */
export type CharterTerms = Pick<CharterBody, keyof typeof Terms>;

/** A charter that its founders have signed. */
export interface Charter {
  readonly signed: Signed;
  readonly hash: Bytes;
  readonly version: number;
  readonly terms: CharterTerms;
}

/** A charter as it may be proposed. */
export interface ProposedCharter extends Charter {
  /** The founders who have signed it so far. */
  readonly signers: readonly Did[];
  /** Whether these signatures are enough. The first version needs only one: the founder who opens a room begins alone. */
  readonly complete: boolean;
}

/** Reads a charter. Throws `peer-protocol` if the founders of this room have not signed it. */
export async function openCharter(signed: Signed, genesis: Genesis): Promise<ProposedCharter> {
  const { body, signers, hash }: Opened<CharterBody> = await openStatement(CHARTER, signed);
  if (toHex(body.room) !== toHex(genesis.hash) || signers.some((did) => !genesis.founders.includes(did))) {
    throw new MicrogridError("peer-protocol", "A peer sent a charter of another room, or of strangers.");
  }
  const { v: _v, room: _room, version, previous: _previous, at: _at, ...terms } = body;
  // One signature is enough for the first version, since the genesis record holds its terms already.
  if (version === 0 && !equalBytes(await sha256(encodeCbor(terms)), genesis.termsHash)) {
    throw new MicrogridError("peer-protocol", "A peer sent a charter that is not the one with which the room began.");
  }
  const needed = version === 0 ? 1 : genesis.quorum;
  return { signed, hash, version, terms, signers, complete: signers.length >= needed };
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

/** The rules that a request can break, by name. */
export const CHARTER_RULES = ["models", "jobsAtOnce", "tokensPerAnswer", "answersPerHour", "contribution"] as const;
export type CharterRule = (typeof CHARTER_RULES)[number];
