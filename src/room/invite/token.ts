/** Invite tokens let somebody ask to come in: a limited number of times, until a date, and only during one epoch. */
import * as v from "valibot";
import { type Bytes, type Did, decodeCbor, encodeCbor, randomBytes } from "../../core";
import {
  DidSchema,
  type Signed,
  type Signer,
  type StatementKind,
  type UnverifiedStatement,
  bytesSchema,
  openStatement,
  readStatement,
  signStatement,
} from "../../identity";

export const NONCE_BYTES = 8;

const TOKEN = {
  name: "token",
  schema: v.strictObject({
    v: v.literal(1),
    room: bytesSchema(32),
    /** The node that made the token; only this node redeems a token with limited uses. */
    issuer: DidSchema,
    epoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** How many nodes may enter with it; 0 for any number. */
    uses: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** Milliseconds since 1970. */
    notAfter: v.pipe(v.number(), v.integer(), v.minValue(0)),
    nonce: bytesSchema(NONCE_BYTES),
  }),
} satisfies StatementKind<v.GenericSchema>;

type Token = v.InferOutput<typeof TOKEN.schema>;

/** A token that was read. */
export interface OpenedToken {
  readonly token: Token;
  readonly signed: Signed;
  readonly hash: Bytes;
  readonly signers: readonly Did[];
}

/** Makes a token; the first of the signers is its issuer. */
export async function makeToken(
  signers: readonly [Signer, ...Signer[]],
  terms: Pick<Token, "room" | "epoch" | "uses" | "notAfter">,
): Promise<OpenedToken> {
  const body = { v: 1 as const, issuer: signers[0].did, nonce: randomBytes(NONCE_BYTES), ...terms };
  return readToken(await signStatement(TOKEN, body, ...signers));
}

/** Reads a token. Throws `peer-protocol` if it is malformed or not signed by its issuer. */
export async function readToken(signed: Signed): Promise<OpenedToken> {
  const { body, hash, signers } = await openStatement(TOKEN, signed);
  return { token: body, signed, hash, signers };
}

/** Reads a token whose signatures are not verified yet. Throws `peer-protocol` if it is malformed. */
export function readUnverifiedToken(signed: Signed): Promise<UnverifiedStatement<Token>> {
  return readStatement(TOKEN, signed);
}

/** The fields of a token, of which nothing is verified. Throws if it is malformed. */
export function fieldsOfToken({ payload }: Signed): Token {
  return v.parse(TOKEN.schema, decodeCbor(payload));
}

/** The token with exactly these fields, as its issuer signed it: canonical CBOR leaves only one way to write them. */
export function tokenOfFields(fields: Token, signatures: Signed["signatures"]): Signed {
  return { payload: encodeCbor(fields), signatures };
}

/** Until when an invite with this token lets anybody in; not verified. */
export function endOfToken(signed: Signed): Date {
  return new Date(fieldsOfToken(signed).notAfter);
}
