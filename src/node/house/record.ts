/** The data of its house that a node keeps on this device and in a backup. */
import * as v from "valibot";
import { MicrogridError, checkName } from "../../core";
import {
  DidSchema,
  HouseNameSchema,
  type Keep,
  MAX_HOUSE_NAME_CHARS,
  SCOPES,
  type Signed,
  SignedSchema,
  WrappedSchema,
} from "../../identity";

const HOUSE = "house";
const REVOCATIONS = "revocations";
/** More devices than any household has; it limits what a hostile backup can add. */
const MAX_ISSUED = 500;
const MAX_KEPT_REVOCATIONS = 1000;
export const MAX_LABEL_CHARS = 60;

const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const revocations = v.pipe(v.array(SignedSchema), v.maxLength(MAX_KEPT_REVOCATIONS));

const IssuedSchema = v.strictObject({
  issuer: DidSchema,
  subject: DidSchema,
  /** The owner's name for the node; nobody else sees it. */
  label: v.pipe(v.string(), v.maxLength(MAX_LABEL_CHARS)),
  scopes: v.pipe(v.array(v.picklist(SCOPES)), v.minLength(1), v.maxLength(SCOPES.length)),
  issuedAt: time,
  notAfter: time,
});
/** A delegation that was signed on this device. */
export type Issued = v.InferOutput<typeof IssuedSchema>;

const HouseRecordSchema = v.object({
  v: v.literal(1),
  /** The key of the house, if it is on this device. */
  key: v.optional(v.object({ did: DidSchema, name: HouseNameSchema, wrapped: WrappedSchema })),
  /** The house's delegation for this node. */
  delegation: v.optional(SignedSchema),
  issued: v.array(IssuedSchema),
});
export type HouseRecord = v.InferOutput<typeof HouseRecordSchema>;

/** A house in a backup. Its secret is not encrypted here, so it must only be stored inside a sealed file. */
const HouseDataSchema = v.strictObject({
  v: v.literal(1),
  key: v.optional(
    v.strictObject({
      name: HouseNameSchema,
      secret: v.pipe(
        v.instance(Uint8Array),
        v.check((secret) => [16, 20, 24, 28, 32].includes(secret.length), "not a secret"),
      ),
    }),
  ),
  delegation: v.optional(SignedSchema),
  issued: v.pipe(v.array(IssuedSchema), v.maxLength(MAX_ISSUED)),
  revocations,
});
export type HouseData = v.InferOutput<typeof HouseDataSchema>;

/** Parses the house in a backup. Throws `bad-request`. */
export function parseHouseData(data: unknown): HouseData {
  const parsed = v.safeParse(HouseDataSchema, data);
  if (parsed.success) return parsed.output;
  throw new MicrogridError("bad-request", "The profile in this backup is damaged. Nothing was changed.", {
    cause: parsed.issues,
  });
}

/** A name for a house, without spaces around it. Throws `bad-request` if it is not valid. */
export function parseHouseName(name: string): string {
  const parsed = v.safeParse(HouseNameSchema, name.trim());
  if (parsed.success) {
    checkName(parsed.output);
    return parsed.output;
  }
  throw new MicrogridError(
    "bad-request",
    `The name of a profile has 1 to ${MAX_HOUSE_NAME_CHARS} characters in one line. Choose another.`,
  );
}

/** The stored record; empty if it cannot be read. */
export async function recallHouse(keep: Keep): Promise<HouseRecord> {
  const parsed = v.safeParse(HouseRecordSchema, await keep.get(HOUSE));
  return parsed.success ? parsed.output : { v: 1, key: undefined, delegation: undefined, issued: [] };
}

/** Stores the record. Throws `storage-unavailable`, and then nothing has changed. */
export async function rememberHouse(keep: Keep, record: HouseRecord): Promise<void> {
  try {
    await keep.put(HOUSE, { ...record, issued: record.issued.slice(-MAX_ISSUED) });
  } catch (cause) {
    const message = "This browser has no space left to store the profile, so nothing was changed. Free some storage.";
    throw new MicrogridError("storage-unavailable", message, { cause });
  }
}

/** The stored revocations, not verified yet. */
export async function recallRevocations(keep: Keep): Promise<readonly Signed[]> {
  const parsed = v.safeParse(revocations, await keep.get(REVOCATIONS));
  return parsed.success ? parsed.output : [];
}

export function rememberRevocations(keep: Keep, all: readonly Signed[]): Promise<void> {
  return keep.put(REVOCATIONS, all);
}
