/** The birth of a room: who founded it, and the hash that names it permanently. */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import {
  type Bytes,
  type Did,
  MicrogridError,
  type RoomId,
  concat,
  decodeCbor,
  encodeCbor,
  sha256,
  utf8,
} from "../../core";
import { DidSchema, bytesSchema } from "../../identity";
import { MAX_FOUNDERS, MAX_ROOM_NAME_CHARS } from "../constants";

const RANDOM_BYTES = 16;
const HASH_BYTES = 32;

const GenesisSchema = v.pipe(
  v.strictObject({
    v: v.literal(1),
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_CHARS)),
    founders: v.pipe(v.array(DidSchema), v.minLength(1), v.maxLength(MAX_FOUNDERS)),
    /** How many founders must sign a charter or an epoch. */
    quorum: v.pipe(v.number(), v.integer(), v.minValue(1)),
    random: bytesSchema(RANDOM_BYTES),
    /** SHA-256 of the secret of epoch 0. */
    secret: bytesSchema(HASH_BYTES),
    /** SHA-256 of the CBOR of the first charter's terms: with them the founders begin. */
    terms: bytesSchema(HASH_BYTES),
  }),
  v.check(({ founders, quorum }) => new Set(founders).size === founders.length && quorum <= founders.length),
);

/** The facts about a room that never change. */
export interface Genesis {
  readonly roomId: RoomId;
  /** `roomId` as bytes. */
  readonly hash: Bytes;
  readonly record: Bytes;
  readonly name: string;
  readonly founders: readonly Did[];
  readonly quorum: number;
  /** SHA-256 of the secret of epoch 0. */
  readonly secretHash: Bytes;
  /** SHA-256 of the CBOR of the first charter's terms. */
  readonly termsHash: Bytes;
}

/** Makes the record of a new room. Throws `bad-request` for founders or a quorum that cannot be. */
export async function makeGenesis(options: {
  readonly name: string;
  readonly founders: readonly Did[];
  readonly quorum: number;
  readonly random: Bytes;
  readonly epochSecret: Bytes;
  /** Of the first charter. */
  readonly terms: object;
}): Promise<Genesis> {
  const { name, founders, quorum, random } = options;
  const secret = await sha256(options.epochSecret);
  const terms = await sha256(encodeCbor(options.terms));
  const record = encodeCbor({ v: 1, name, founders: [...founders], quorum, random, secret, terms });
  return readGenesis(record).catch((cause: unknown) => {
    throw new MicrogridError("bad-request", "A room needs a name, owners, and a number of them that can agree.", {
      cause,
    });
  });
}

/** Reads a record. Throws `peer-protocol` if it is invalid. */
export async function readGenesis(record: Uint8Array): Promise<Genesis> {
  const parsed = v.safeParse(GenesisSchema, decodeCbor(record));
  if (!parsed.success) {
    throw new MicrogridError("peer-protocol", "A peer sent a record of a room that makes no sense.", {
      cause: parsed.issues,
    });
  }
  const { name, founders, quorum, secret, terms } = parsed.output;
  const hash = await sha256(concat(utf8("microgrid/1 genesis"), record));
  const roomId = base64urlnopad.encode(hash) as RoomId;
  const known = { name, founders, quorum, secretHash: secret, termsHash: terms };
  return { roomId, hash, record: new Uint8Array(record), ...known };
}
