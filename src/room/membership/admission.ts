/** Admissions: in each, a node lets in another one, which takes a place among those that the rules give to its admitter. */
import * as v from "valibot";
import { type Bytes, type Did, equalBytes } from "../../core";
import {
  DidSchema,
  type Signed,
  type Signer,
  type StatementKind,
  type UnverifiedStatement,
  bytesSchema,
  readStatement,
  signStatement,
} from "../../identity";
import { MAX_PEOPLE, MAX_PROOF_STEPS } from "../constants";

const placeNumber = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_PEOPLE - 1));

/** The places from `n` to `n + share` of an admitter: the first is the guest's own, the others are the guest's to give away. */
export const PlaceSchema = v.strictObject({ n: placeNumber, share: placeNumber });
export type PlaceRange = v.InferOutput<typeof PlaceSchema>;

const ADMISSION = {
  name: "admission",
  schema: v.strictObject({
    v: v.literal(1),
    room: bytesSchema(32),
    did: DidSchema,
    by: DidSchema,
    /**
     * A founder that admits a member again names those who let it in until then, the nearest first: if one of them is removed,
     * so is the member.
     */
    via: v.optional(v.pipe(v.array(DidSchema), v.minLength(1), v.maxLength(MAX_PROOF_STEPS))),
    /** Where the rules limit how many people members bring in. A founder repeats the place that the first of `via` gave. */
    place: v.optional(PlaceSchema),
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
} satisfies StatementKind<v.GenericSchema>;

/** An admission as its signer wrote it. */
type Admitting = v.InferOutput<typeof ADMISSION.schema>;

/** The optional parts of an admission. */
export interface AdmissionTerms {
  /** Those who let the node in until now, if a founder admits it again. */
  readonly via?: readonly Did[] | undefined;
  readonly place?: PlaceRange | undefined;
}

/** Admits a node in the name of `by`. */
export function admit(
  by: Signer,
  room: Bytes,
  did: Did,
  at: number,
  { via = [], place }: AdmissionTerms = {},
): Promise<Signed> {
  const terms = { ...(via.length > 0 && { via: [...via] }), ...(place && { place }) };
  return signStatement(ADMISSION, { v: 1, room, did, by: by.did, ...terms, at }, by);
}

/** Reads an admission without verifying it; undefined if it is of another room, or not signed by the one that it names. */
export async function readAdmission(signed: Signed, room: Bytes): Promise<UnverifiedStatement<Admitting> | undefined> {
  const read = await readStatement(ADMISSION, signed);
  const { body, signers } = read;
  return equalBytes(body.room, room) && signers.length === 1 && signers[0] === body.by ? read : undefined;
}

/** Whether two such ranges have a place in common. */
export function overlap(one: PlaceRange, other: PlaceRange): boolean {
  return one.n <= other.n + other.share && other.n <= one.n + one.share;
}
