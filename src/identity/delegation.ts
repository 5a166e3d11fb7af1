/** How a house (a person or an organisation) vouches for its nodes, and takes that back. */
import * as v from "valibot";
import { type Did, MicrogridError } from "../core";
import type { Signer } from "./node-key";
import { DidSchema, type Signed, type StatementKind, openStatement, signStatement } from "./signed";

/**
 * What a delegated node may do for its house: enter rooms as one of its `member`s, and sign as a `founder` where the
 * house has founded a room.
 */
export const SCOPES = ["member", "founder"] as const;
export type Scope = (typeof SCOPES)[number];

/** Longest name of a house. */
export const MAX_HOUSE_NAME_CHARS = 40;

const time = v.pipe(v.number(), v.integer(), v.minValue(0));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_HOUSE_NAME_CHARS));

const DELEGATION = {
  name: "delegation",
  schema: v.strictObject({
    v: v.literal(1),
    issuer: DidSchema,
    /** The name of the house, as it calls itself. */
    name,
    subject: DidSchema,
    scopes: v.pipe(v.array(v.picklist(SCOPES)), v.minLength(1), v.maxLength(SCOPES.length)),
    /** Milliseconds since 1970, as all times in statements. */
    issuedAt: time,
    notAfter: time,
  }),
} satisfies StatementKind<v.GenericSchema>;

/** A house vouches for a node until `notAfter`. */
export type Delegation = v.InferOutput<typeof DELEGATION.schema>;

const REVOCATION = {
  name: "revocation",
  schema: v.strictObject({ v: v.literal(1), issuer: DidSchema, subject: DidSchema, at: time }),
} satisfies StatementKind<v.GenericSchema>;

/** A house takes back every delegation that it has given to a node up to `at`. */
export type Revocation = v.InferOutput<typeof REVOCATION.schema>;

/** Vouches for a node; `house` signs. */
export function delegate(house: Signer, terms: Omit<Delegation, "v" | "issuer">): Promise<Signed> {
  return signStatement(DELEGATION, { v: 1, issuer: house.did, ...terms });
}

/** Takes back what was given to a node until now. */
export function revoke(house: Signer, subject: Did, at: number): Promise<Signed> {
  return signStatement(REVOCATION, { v: 1, issuer: house.did, subject, at });
}

/** Verifies a delegation for a node. Throws `peer-protocol` where it is not valid for it at that time. */
export async function openDelegation(signed: Signed, subject: Did, at: number): Promise<Delegation> {
  const { body, signers } = await openStatement(DELEGATION, signed);
  const bySelf = body.issuer === body.subject;
  if (bySelf || body.subject !== subject || signers.length !== 1 || signers[0] !== body.issuer || at > body.notAfter) {
    throw new MicrogridError("peer-protocol", "A device claims to be of a house that does not vouch for it.");
  }
  return body;
}

/** The revocations that a node has heard of, verified. */
export class Revocations {
  readonly #known = new Map<string, { readonly at: number; readonly signed: Signed }>();

  /** All of them, to be passed on. */
  get all(): readonly Signed[] {
    return [...this.#known.values()].map(({ signed }) => signed);
  }

  /** Takes a revocation; true where it says something new. Throws `peer-protocol` where it is not valid. */
  async add(signed: Signed): Promise<boolean> {
    const { body, signers } = await openStatement(REVOCATION, signed);
    if (signers.length !== 1 || signers[0] !== body.issuer) {
      throw new MicrogridError("peer-protocol", "A peer passed on a revocation that its house has not signed.");
    }
    const key = `${body.issuer} ${body.subject}`;
    const at = this.#known.get(key)?.at ?? -1;
    if (body.at <= at) return false;
    this.#known.set(key, { at: body.at, signed });
    return true;
  }

  /** Whether a delegation has been taken back. */
  revoked({ issuer, subject, issuedAt }: Delegation): boolean {
    return issuedAt <= (this.#known.get(`${issuer} ${subject}`)?.at ?? -1);
  }
}
