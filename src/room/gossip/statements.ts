/** Statements of members about themselves and each other, for larger rooms: signed, so that anybody may pass them on. */
import * as v from "valibot";
import { type Bytes, type Did, MicrogridError, equalBytes } from "../../core";
import {
  DidSchema,
  type Signed,
  type Signer,
  type StatementKind,
  bytesSchema,
  openStatement,
  readStatement,
  signStatement,
} from "../../identity";
import type { Proof } from "../membership";
import { ROOM_FRAMES } from "../protocol";
import { OFFERS_PER_CARD } from "./constants";

/** Version 2 names the room, so that a statement of one room says nothing in another. */
const version = v.literal(2);
/** Hash of the room's genesis. */
const room = bytesSchema(32);
/** Milliseconds since 1970 on the signer's clock, and larger than in its previous statement. */
const stamp = v.pipe(v.number(), v.integer(), v.minValue(0));
const { address, slot } = ROOM_FRAMES.members.schema.entries;
const { offers, ...profile } = ROOM_FRAMES.heartbeat.schema.entries;

const CARD = {
  name: "card",
  schema: v.strictObject({
    v: version,
    room,
    did: DidSchema,
    session: ROOM_FRAMES.hello.schema.entries.session,
    stamp,
    address,
    slot,
    ...profile,
    offers: v.pipe(offers, v.maxLength(OFFERS_PER_CARD)),
  }),
} satisfies StatementKind<v.GenericSchema>;

const FAREWELL = {
  name: "farewell",
  schema: v.strictObject({ v: version, room, did: DidSchema, stamp }),
} satisfies StatementKind<v.GenericSchema>;

const LOSS = {
  name: "loss",
  schema: v.strictObject({ v: version, room, by: DidSchema, did: DidSchema, stamp }),
} satisfies StatementKind<v.GenericSchema>;

/** Where a node can be dialled and what it offers, in its own words. A newer stamp replaces an older. */
export type Card = v.InferOutput<typeof CARD.schema>;
/** The fields of a card that the caller chooses; signing adds the others. */
export type CardTerms = Omit<v.InferInput<typeof CARD.schema>, "v" | "room" | "did" | "session" | "stamp">;

/** An unchecked statement: the kind that it claims to be, and its bytes. */
export interface Statement {
  readonly kind: "card" | "farewell" | "loss";
  readonly signed: Signed;
  /** Proves that the card's node belongs to the room; present if the receiver may not have it yet. */
  readonly proof?: Proof | undefined;
}

/** A statement whose signature was checked. `did` is its subject, `by` its signer. */
export type Checked =
  | { readonly kind: "card"; readonly did: Did; readonly by: Did; readonly stamp: number; readonly card: Card }
  | { readonly kind: "farewell" | "loss"; readonly did: Did; readonly by: Did; readonly stamp: number };

/** A node's card, and the farewell that it can send without waiting for a signature when its page goes away. */
export async function signCard(
  signer: Signer,
  about: { room: Bytes; session: string; stamp: number; terms: CardTerms },
): Promise<{ card: Statement; farewell: Statement }> {
  const { did } = signer;
  const { room: where, session, stamp: at, terms } = about;
  const [card, farewell] = await Promise.all([
    signStatement(CARD, { v: 2, room: where, did, session, stamp: at, ...terms }, signer),
    signStatement(FAREWELL, { v: 2, room: where, did, stamp: at + 1 }, signer),
  ]);
  return { card: { kind: "card", signed: card }, farewell: { kind: "farewell", signed: farewell } };
}

/** Says that `did`, of which a card of that stamp is known, cannot be reached from here. */
export async function signLoss(
  signer: Signer,
  { room: where, did, stamp: at }: { room: Bytes; did: Did; stamp: number },
): Promise<Statement> {
  const body = { v: 2 as const, room: where, by: signer.did, did, stamp: at };
  return { kind: "loss", signed: await signStatement(LOSS, body, signer) };
}

/**
 * Checks a statement. A card of which `isNews` says that it could not be taken is not worth a signature: undefined. Throws
 * `peer-protocol` if it is malformed, of another room, or not signed by the node that it names.
 */
export async function check(
  { kind, signed }: Statement,
  where: Bytes,
  isNews: (card: Card) => boolean = () => true,
): Promise<Checked | undefined> {
  switch (kind) {
    case "card": {
      const claim = await readStatement(CARD, signed);
      const { body } = claim;
      mustBe(where, body.did, claim);
      if (!isNews(body)) return undefined;
      await claim.verify();
      return { kind, did: body.did, by: body.did, stamp: body.stamp, card: body };
    }
    case "farewell": {
      const { body } = await openStatement(FAREWELL, signed, (claim) => mustBe(where, claim.body.did, claim));
      return { kind, did: body.did, by: body.did, stamp: body.stamp };
    }
    case "loss": {
      const { body } = await openStatement(LOSS, signed, (claim) => mustBe(where, claim.body.by, claim));
      return { kind, did: body.did, by: body.by, stamp: body.stamp };
    }
  }
}

/** Throws `peer-protocol` unless a statement is of this room and signed by `did` alone. */
function mustBe(where: Bytes, did: Did, claim: { body: { room: Bytes }; signers: readonly Did[] }): void {
  const { body, signers } = claim;
  if (equalBytes(body.room, where) && signers.length === 1 && signers[0] === did) return;
  throw new MicrogridError(
    "peer-protocol",
    "A peer passed on a statement of another room, or signed by another device.",
  );
}
