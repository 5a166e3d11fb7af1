/**
 * The founders' dated word about the epoch that the room is in. Members hand it on, and newcomers see how old it is: a
 * removed member can show them the room as it was, but no newer word for it.
 */
import * as v from "valibot";
import { type Bytes, DAY_MS, equalBytes } from "../../core";
import {
  SignedSchema,
  type Signed,
  type Signer,
  type StatementKind,
  bytesSchema,
  openStatement,
  signStatement,
} from "../../identity";
import { HEAD_RENEW_MS, MAX_EPOCHS } from "../constants";
import { type EpochHead, outranks } from "./epochs";
import type { Genesis } from "./genesis";
import { type Proof, type RoomRules, examine } from "./proof";

const HEAD = {
  name: "head",
  schema: v.strictObject({
    v: v.literal(1),
    room: bytesSchema(32),
    /** The number of the current epoch, and the hash of its record or of the genesis. */
    n: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EPOCHS)),
    hash: bytesSchema(32),
    at: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
} satisfies StatementKind<v.GenericSchema>;

/** The word as members hand it on; `delegation` where a device of a founding house has signed it. */
export const HeadSchema = v.strictObject({ signed: SignedSchema, delegation: v.optional(SignedSchema) });
export type HeadFrame = v.InferOutput<typeof HeadSchema>;

/** The founders' word, verified. */
export interface FoundersHead extends EpochHead {
  readonly at: number;
  readonly frame: HeadFrame;
}

/** Signs that the room is in this epoch now. `delegation`: where the signer belongs to a founding house. */
async function signHead(
  signer: Signer,
  delegation: Signed | undefined,
  { room, n, hash }: { readonly room: Bytes; readonly n: number; readonly hash: Bytes },
): Promise<HeadFrame> {
  const signed = await signStatement(HEAD, { v: 1, room, n, hash, at: Date.now() }, signer);
  return { signed, ...(delegation && { delegation }) };
}

/**
 * Reads such a word. Undefined if it counts for nothing: its signer is no founder as far as this node knows, or a founder's
 * clock is wrong and it is from the future. Throws `peer-protocol` if it is malformed.
 */
export async function openHead(frame: HeadFrame, rules: RoomRules): Promise<FoundersHead | undefined> {
  const { body, signers } = await openStatement(HEAD, frame.signed);
  const { delegation } = frame;
  const proof = delegation ? [{ delegation }] : [];
  const [signer] = signers;
  const counts = equalBytes(body.room, rules.genesis.hash) && body.at <= Date.now() + DAY_MS;
  const standing = counts && signer ? await examine(signer, proof, rules).catch(() => undefined) : undefined;
  return standing?.founder ? { n: body.n, hash: body.hash, at: body.at, frame } : undefined;
}

/** Whether a word is about this very chain of epochs. */
export function isAbout(head: EpochHead, { n, hash }: EpochHead): boolean {
  return head.n === n && equalBytes(head.hash, hash);
}

/** The parts of a membership that the founders' word is about. */
interface DatedMembership {
  readonly signer: Signer;
  readonly genesis: Genesis;
  readonly epochs: { readonly head: EpochHead };
  readonly proof: Proof;
  readonly rules: RoomRules;
}

/** The newest word that this node has; a founder's node renews it. */
export class FoundersWord {
  readonly #membership: DatedMembership;
  readonly #told: (frame: HeadFrame) => void;
  #known: FoundersHead | undefined;

  /** `told` is called with each new word, to keep it and to hand it on. */
  constructor(membership: DatedMembership, known: FoundersHead | undefined, told: (frame: HeadFrame) => void) {
    this.#membership = membership;
    this.#known = known;
    this.#told = told;
  }

  get known(): FoundersHead | undefined {
    return this.#known;
  }

  /** The same if it is about the present epoch: a removal may be newer than the last word. */
  get current(): FoundersHead | undefined {
    return this.#known && isAbout(this.#known, this.#membership.epochs.head) ? this.#known : undefined;
  }

  /** Takes a word from a peer; true if it is news. Throws `peer-protocol` if it is malformed. */
  async take(frame: HeadFrame): Promise<boolean> {
    const head = await openHead(frame, this.#membership.rules);
    const known = this.#known;
    if (!head || (known && !outranks(head, known) && !(isAbout(head, known) && head.at > known.at))) return false;
    this.#known = head;
    this.#told(frame);
    return true;
  }

  /** Signs a new word if one is due, and if this is a founder's node. */
  async renew(): Promise<void> {
    const { signer, genesis, epochs, proof, rules } = this.#membership;
    const { current } = this;
    if (current && Date.now() - current.at < HEAD_RENEW_MS) return;
    const standing = await examine(signer.did, proof, rules).catch(() => undefined);
    if (!standing?.founder) return;
    const delegation = genesis.founders.includes(signer.did) ? undefined : proof[0]?.delegation;
    await this.take(await signHead(signer, delegation, { room: genesis.hash, ...epochs.head }));
  }
}
