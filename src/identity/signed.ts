/**
 * Signed statements: a typed, versioned body in canonical CBOR with the signatures of one or more identities. Signatures cover
 * the original bytes, never a re-encoding, so any node can pass a statement on unchanged.
 */
import * as v from "valibot";
import {
  type Bytes,
  type Did,
  MicrogridError,
  concat,
  decodeCbor,
  encodeCbor,
  equalBytes,
  isDid,
  sha256,
  utf8,
} from "../core";
import { type Signer, verifySignature } from "./node-key";

/** Longest body of a statement; the longest real one is a charter with lists of members. */
const MAX_PAYLOAD_BYTES = 32 * 1024;
const MAX_SIGNATURES = 16;
const SIGNATURE_BYTES = 64;

/** Schema for the did of an Ed25519 key. */
export const DidSchema = v.pipe(
  v.string(),
  v.check(isDid, "not a DID"),
  v.transform((did) => did as Did),
);

/** Schema for bytes of exactly this length. */
export function bytesSchema(length: number): v.GenericSchema<Uint8Array, Bytes> {
  return v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length === length, `not ${length} bytes`),
    v.transform((bytes) => new Uint8Array(bytes)),
  );
}

/** Schema for a statement as it is sent. Nothing in it is verified yet; `openStatement` does that. */
export const SignedSchema = v.strictObject({
  payload: v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length <= MAX_PAYLOAD_BYTES, "too long"),
    v.transform((bytes) => new Uint8Array(bytes)),
  ),
  signatures: v.pipe(
    v.array(v.strictObject({ did: DidSchema, sig: bytesSchema(SIGNATURE_BYTES) })),
    v.maxLength(MAX_SIGNATURES),
  ),
});
export type Signed = v.InferOutput<typeof SignedSchema>;

/** A kind of statement: its name, which is part of the signed bytes, and the schema of its body. */
export interface StatementKind<Schema extends v.GenericSchema> {
  readonly name: string;
  /** A strict object: a statement with an unknown field is refused as a whole. */
  readonly schema: Schema;
}

/** A verified statement. */
export interface Opened<Body> {
  readonly body: Body;
  /** The identities that signed it. */
  readonly signers: readonly Did[];
  /** SHA-256 of the signed bytes, which identifies this statement. */
  readonly hash: Bytes;
}

/** A statement whose signatures are not verified yet. */
export interface UnverifiedStatement<Body> extends Opened<Body> {
  /** Throws `peer-protocol` at the first signature that is wrong. */
  verify(): Promise<void>;
}

/** Makes a statement and signs it. Throws `bad-request` if the body does not match its schema. */
export async function signStatement<Schema extends v.GenericSchema>(
  kind: StatementKind<Schema>,
  body: v.InferInput<Schema>,
  ...signers: readonly Signer[]
): Promise<Signed> {
  const fits = v.safeParse(kind.schema, body);
  const payload = encodeCbor(body);
  if (!fits.success || payload.length > MAX_PAYLOAD_BYTES) {
    const why = fits.success ? `${payload.length} bytes are too many` : fits.issues[0].message;
    throw new MicrogridError("bad-request", `This ${kind.name} cannot be signed: ${why}.`, { cause: fits.issues });
  }
  let signed: Signed = { payload, signatures: [] };
  for (const signer of signers) signed = await addSignature(kind, signed, signer);
  return signed;
}

/** Returns the statement with one more signature; replaces an earlier signature of the same did. */
export async function addSignature(
  kind: StatementKind<v.GenericSchema>,
  { payload, signatures }: Signed,
  signer: Signer,
): Promise<Signed> {
  const sig = await signer.sign(message(kind, payload));
  return { payload, signatures: [...signatures.filter(({ did }) => did !== signer.did), { did: signer.did, sig }] };
}

/**
 * Reads a statement without verifying its signatures. Use it where the content alone may refuse a statement: that costs a thousandth
 * of a signature. Throws `peer-protocol` if its body is not canonical or does not match its schema, or if a did signed twice.
 */
export async function readStatement<Schema extends v.GenericSchema>(
  kind: StatementKind<Schema>,
  signed: Signed,
): Promise<UnverifiedStatement<v.InferOutput<Schema>>> {
  const { payload, signatures } = signed;
  const value = decodeCbor(payload);
  const parsed = v.safeParse(kind.schema, value);
  if (!parsed.success || !equalBytes(encodeCbor(value), payload)) {
    throw new MicrogridError("peer-protocol", `A peer sent a ${kind.name} that makes no sense.`, {
      cause: parsed.issues,
    });
  }
  const signers = signatures.map(({ did }) => did);
  const bytes = message(kind, payload);
  const refuse = (): never => {
    throw new MicrogridError("peer-protocol", `A peer sent a ${kind.name} with a signature that is not valid.`);
  };
  if (new Set(signers).size !== signers.length) refuse();
  const verify = async (): Promise<void> => {
    // One after the other, so that a wrong one costs no more than itself.
    for (const { did, sig } of signatures) if (!(await verifySignature(did, bytes, sig))) refuse();
  };
  return { body: parsed.output, signers, hash: await sha256(bytes), verify };
}

/**
 * Verifies a statement. `accept` sees its content before any signature is verified, and throws to refuse it. Throws
 * `peer-protocol` as `readStatement` does, and if any signature is wrong.
 */
export async function openStatement<Schema extends v.GenericSchema>(
  kind: StatementKind<Schema>,
  signed: Signed,
  accept: (claim: Omit<Opened<v.InferOutput<Schema>>, "hash">) => void = () => undefined,
): Promise<Opened<v.InferOutput<Schema>>> {
  const { body, signers, hash, verify } = await readStatement(kind, signed);
  accept({ body, signers });
  await verify();
  return { body, signers, hash };
}

/** The bytes to sign: the statement's kind, so that one kind cannot pass for another, and its payload. */
function message({ name }: StatementKind<v.GenericSchema>, payload: Uint8Array): Bytes {
  return concat(utf8(`microgrid/1 ${name}`), new Uint8Array([0]), payload);
}
