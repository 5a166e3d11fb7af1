/** How a house (a person or an organisation) vouches for its nodes. */
import * as v from "valibot";
import { type Did, MicrogridError } from "../core";
import type { Signer } from "./node-key";
import {
  DidSchema,
  type Signed,
  type StatementKind,
  type UnverifiedStatement,
  readStatement,
  signStatement,
} from "./signed";

/**
 * The rights of a delegated node: to enter rooms as a `member` of its house, and to act as a `founder` in rooms that the house
 * has founded.
 */
export const SCOPES = ["member", "founder"] as const;
/** One right of a delegated node. */
export type Scope = (typeof SCOPES)[number];

/** Longest name of a house. */
export const MAX_HOUSE_NAME_CHARS = 40;

/** The clocks of devices differ; a delegation that is issued further in the future is not valid yet. */
const CLOCK_SKEW_MS = 24 * 60 * 60 * 1000;

/** Control characters, line breaks and marks that change the direction of text could make one name look like another. */
const DECEPTIVE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;

const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** The name of a house: one line of 1 to `MAX_HOUSE_NAME_CHARS` UTF-16 code units, without spaces at its ends. */
export const HouseNameSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_HOUSE_NAME_CHARS),
  v.check((text) => text.trim() === text && !DECEPTIVE.test(text), "not a name in one line"),
);

const DELEGATION = {
  name: "delegation",
  schema: v.strictObject({
    v: v.literal(1),
    issuer: DidSchema,
    /** The name that the house has given itself. */
    name: HouseNameSchema,
    subject: DidSchema,
    scopes: v.pipe(
      v.array(v.picklist(SCOPES)),
      v.minLength(1),
      v.check((scopes) => new Set(scopes).size === scopes.length, "a scope twice"),
    ),
    /** Milliseconds since 1970, like all times in statements. */
    issuedAt: time,
    notAfter: time,
  }),
} satisfies StatementKind<v.GenericSchema>;

/** A house vouches for a node until `notAfter`. */
export type Delegation = v.InferOutput<typeof DELEGATION.schema>;

/** Vouches for a node; `house` signs. */
export function delegate(house: Signer, terms: Omit<Delegation, "v" | "issuer">): Promise<Signed> {
  return signStatement(DELEGATION, { v: 1, issuer: house.did, ...terms }, house);
}

/**
 * Reads a delegation without verifying its signature: first judge what it says. Throws `peer-protocol` if it is not for this node
 * at that time.
 */
export async function readDelegation(
  signed: Signed,
  subject: Did,
  at: number,
): Promise<UnverifiedStatement<Delegation>> {
  const read = await readStatement(DELEGATION, signed);
  const { body, signers } = read;
  const bySelf = body.issuer === body.subject;
  const inTime = body.issuedAt <= at + CLOCK_SKEW_MS && at <= body.notAfter;
  if (bySelf || body.subject !== subject || signers.length !== 1 || signers[0] !== body.issuer || !inTime) {
    throw new MicrogridError("peer-protocol", "A device claims to belong to a house that does not vouch for it.");
  }
  return read;
}

/** Verifies a delegation for a node. Throws `peer-protocol` if it is not valid for this node at that time. */
export async function openDelegation(signed: Signed, subject: Did, at: number): Promise<Delegation> {
  const { body, verify } = await readDelegation(signed, subject, at);
  await verify();
  return body;
}
