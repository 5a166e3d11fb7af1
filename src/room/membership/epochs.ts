/**
 * Epochs of membership: each removal of members begins a new one, with a secret that the removed do not get. The
 * records form a chain from the genesis; of two chains the longer wins, then the one with the lower hash.
 */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, encodeCbor, equalBytes, sha256, toHex } from "../../core";
import {
  DidSchema,
  type Signed,
  SignedSchema,
  type StatementKind,
  type UnverifiedStatement,
  bytesSchema,
  readStatement,
} from "../../identity";
import { FORMER_EPOCHS_SERVED, MAX_EPOCHS, MAX_EPOCHS_BYTES, MAX_EPOCH_LIST } from "../constants";
import { rendezvousSecret } from "../signaling/slots";
import type { Genesis } from "./genesis";

const SECRET_BYTES = 32;
const dids = v.pipe(v.array(DidSchema), v.maxLength(MAX_EPOCH_LIST));

export const EPOCH = {
  name: "epoch",
  schema: v.strictObject({
    v: v.literal(1),
    room: bytesSchema(32),
    /** 1 for the first removal. */
    n: v.pipe(v.number(), v.integer(), v.minValue(1)),
    /** Hash of the record before; that of the genesis for the first. */
    previous: bytesSchema(32),
    /** Nodes, or houses with all their nodes, that are members no more. */
    removed: dids,
    /** Members that one of the removed had admitted and that stay; the others of those are out. */
    kept: dids,
    /** SHA-256 of the new secret. */
    secret: bytesSchema(32),
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
} satisfies StatementKind<v.GenericSchema>;

type EpochBody = v.InferOutput<typeof EPOCH.schema>;

/** The epochs of a room as members hand them on: the records after the genesis, and the secrets from epoch 0 on. */
export const EpochsSchema = v.strictObject({
  records: v.pipe(v.array(SignedSchema), v.maxLength(MAX_EPOCHS)),
  secrets: v.pipe(v.array(bytesSchema(SECRET_BYTES)), v.minLength(1), v.maxLength(MAX_EPOCHS + 1)),
});
export type EpochsData = v.InferOutput<typeof EpochsSchema>;
/** The same for somebody who was removed: without the secrets. */
export const RemovalSchema = v.strictObject({ records: EpochsSchema.entries.records });

/** Where a chain of epochs ends. */
export interface EpochHead {
  readonly n: number;
  readonly hash: Bytes;
}

/** Whether the chain that ends at `next` takes the place of the one that ends at `old`. */
export function outranks(next: EpochHead, old: EpochHead): boolean {
  return next.n !== old.n ? next.n > old.n : toHex(next.hash) < toHex(old.hash);
}

/** Reads one record without verifying its signatures. Throws `peer-protocol` if it names another room, or strangers as signers. */
export async function readEpoch(signed: Signed, genesis: Genesis): Promise<UnverifiedStatement<EpochBody>> {
  const read = await readStatement(EPOCH, signed);
  if (!equalBytes(read.body.room, genesis.hash) || read.signers.some((did) => !genesis.founders.includes(did))) {
    throw new MicrogridError("peer-protocol", "A peer sent an epoch of another room, or of strangers.");
  }
  return read;
}

/** The removals of a chain of epochs, as guests see them: without the secrets. */
export interface Removals {
  readonly head: EpochHead;
  /** Nodes and houses that were removed in any epoch. */
  readonly removed: ReadonlySet<Did>;
  /** Members that stay although one of the removed has admitted them. */
  readonly kept: ReadonlySet<Did>;
  /** When the last of them was signed; undefined if there was none. */
  readonly at: number | undefined;
}

/** Verifies a chain of records without their secrets. Throws `peer-protocol` where one does not follow or lacks signatures. */
export async function openRecords(records: readonly Signed[], genesis: Genesis): Promise<Removals> {
  const chain = await readChain(records, genesis);
  await verifyChain(chain);
  return removalsOf(chain, genesis);
}

/** Reads a chain without verifying its signatures. */
async function readChain(
  records: readonly Signed[],
  genesis: Genesis,
): Promise<readonly UnverifiedStatement<EpochBody>[]> {
  const chain: UnverifiedStatement<EpochBody>[] = [];
  let previous = genesis.hash;
  for (const [i, signed] of records.entries()) {
    const record = await readEpoch(signed, genesis);
    const { body, hash, signers } = record;
    if (body.n !== i + 1 || !equalBytes(body.previous, previous)) throw badChain("one does not follow the other");
    if (signers.length < genesis.quorum) throw badChain("one lacks signatures");
    if (body.removed.some((did) => genesis.founders.includes(did))) throw badChain("one removes a founder");
    chain.push(record);
    previous = hash;
  }
  return chain;
}

/** Signatures come last. The newest record is the one that only founders can have made: older ones may be copies. */
async function verifyChain(chain: readonly UnverifiedStatement<EpochBody>[]): Promise<void> {
  for (const { verify } of [...chain].reverse()) await verify();
}

function removalsOf(chain: readonly UnverifiedStatement<EpochBody>[], genesis: Genesis): Removals {
  const bodies = chain.map(({ body }) => body);
  return {
    head: { n: chain.length, hash: chain.at(-1)?.hash ?? genesis.hash },
    removed: new Set(bodies.flatMap(({ removed }) => removed)),
    kept: new Set(bodies.flatMap(({ kept }) => kept)),
    at: bodies.at(-1)?.at,
  };
}

function badChain(what: string): MicrogridError {
  return new MicrogridError("peer-protocol", `A peer sent epochs of the room of which ${what}.`);
}

/** A verified chain of epochs. */
export class Epochs implements Removals {
  readonly #data: EpochsData;
  readonly head: EpochHead;
  readonly removed: ReadonlySet<Did>;
  readonly kept: ReadonlySet<Did>;
  readonly at: number | undefined;

  private constructor(data: EpochsData, { head, removed, kept, at }: Removals) {
    this.#data = data;
    this.head = head;
    this.removed = removed;
    this.kept = kept;
    this.at = at;
  }

  /** Verifies a whole chain. Throws `peer-protocol` where a record does not follow, or lacks signatures or its secret. */
  static async open(data: EpochsData, genesis: Genesis): Promise<Epochs> {
    if (data.secrets.length !== data.records.length + 1) throw badChain("secrets are missing");
    const hashes = await Promise.all(data.secrets.map((secret) => sha256(secret)));
    if (!equalBytes(hashes[0]!, genesis.secretHash)) throw badChain("the first secret is not the room's");
    const chain = await readChain(data.records, genesis);
    const isOther = ({ body }: { body: EpochBody }, i: number): boolean => !equalBytes(body.secret, hashes[i + 1]!);
    if (chain.some(isOther)) throw badChain("one came with another secret");
    await verifyChain(chain);
    return new Epochs(data, removalsOf(chain, genesis));
  }

  /** Whether a chain cannot be better than this one, as far as is seen before it is verified. */
  covers({ records }: EpochsData): boolean {
    const own = this.#data.records;
    if (records.length !== own.length) return records.length < own.length;
    return records.every(({ payload }, i) => equalBytes(payload, own[i]!.payload));
  }

  get data(): EpochsData {
    return this.#data;
  }

  /** This chain with one more record. Throws `bad-request` if the room can have no more. */
  with(record: Signed, secret: Bytes): EpochsData {
    const { records, secrets } = this.#data;
    const data = { records: [...records, record], secrets: [...secrets, secret] };
    if (data.records.length <= MAX_EPOCHS && encodeCbor(data).length <= MAX_EPOCHS_BYTES) return data;
    const text = "This room has removed as many members as it can. Open a new one for those who shall stay.";
    throw new MicrogridError("bad-request", text);
  }

  secretOf(epoch: number): Bytes | undefined {
    return this.#data.secrets[epoch];
  }

  /**
   * The secrets by which the room is found: that of the current epoch, then those of the epochs before it, newest first.
   * Members that were away look where the room was when they left.
   */
  async rendezvousSecrets(): Promise<readonly [Bytes, ...Bytes[]]> {
    const { n } = this.head;
    const former = this.#data.secrets.slice(Math.max(0, n - FORMER_EPOCHS_SERVED), n).reverse();
    return Promise.all([rendezvousSecret(this.secret), ...former.map(rendezvousSecret)]);
  }

  /** The secret of the current epoch. */
  get secret(): Bytes {
    return this.#data.secrets[this.head.n]!;
  }
}
