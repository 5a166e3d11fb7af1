/** Statements of members about themselves and each other, for larger rooms: signed, so that anybody may pass them on. */
import * as v from "valibot";
import { type Did, MicrogridError } from "../../core";
import { DidSchema, type Signed, type Signer, type StatementKind, openStatement, signStatement } from "../../identity";
import type { Proof } from "../membership";
import { ROOM_FRAMES } from "../protocol";
import { OFFERS_PER_CARD } from "./constants";

const version = v.literal(1);
/** Milliseconds since 1970 on the signer's clock, and larger than in its previous statement. */
const stamp = v.pipe(v.number(), v.integer(), v.minValue(0));
const { address, slot } = ROOM_FRAMES.members.schema.entries;
const { offers, ...profile } = ROOM_FRAMES.heartbeat.schema.entries;

const CARD = {
  name: "card",
  schema: v.strictObject({
    v: version,
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
  schema: v.strictObject({ v: version, did: DidSchema, stamp }),
} satisfies StatementKind<v.GenericSchema>;

const LOSS = {
  name: "loss",
  schema: v.strictObject({ v: version, by: DidSchema, did: DidSchema, stamp }),
} satisfies StatementKind<v.GenericSchema>;

/** Where a node can be dialled and what it offers, in its own words. A newer stamp replaces an older. */
export type Card = v.InferOutput<typeof CARD.schema>;
/** The fields of a card that the caller chooses; signing adds the others. */
export type CardTerms = Omit<v.InferInput<typeof CARD.schema>, "v" | "did" | "session" | "stamp">;

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
  { session, stamp: at, terms }: { session: string; stamp: number; terms: CardTerms },
): Promise<{ card: Statement; farewell: Statement }> {
  const { did } = signer;
  const [card, farewell] = await Promise.all([
    signStatement(CARD, { v: 1, did, session, stamp: at, ...terms }, signer),
    signStatement(FAREWELL, { v: 1, did, stamp: at + 1 }, signer),
  ]);
  return { card: { kind: "card", signed: card }, farewell: { kind: "farewell", signed: farewell } };
}

/** Says that `did`, of which a card of that stamp is known, cannot be reached from here. */
export async function signLoss(signer: Signer, did: Did, at: number): Promise<Statement> {
  return { kind: "loss", signed: await signStatement(LOSS, { v: 1, by: signer.did, did, stamp: at }, signer) };
}

/** Checks a statement. Throws `peer-protocol` if it is malformed or not signed by the node that it names. */
export async function check({ kind, signed }: Statement): Promise<Checked> {
  switch (kind) {
    case "card": {
      const { body } = await openStatement(CARD, signed, ({ body: { did }, signers }) => mustBe(did, signers));
      return { kind, did: body.did, by: body.did, stamp: body.stamp, card: body };
    }
    case "farewell": {
      const { body } = await openStatement(FAREWELL, signed, ({ body: { did }, signers }) => mustBe(did, signers));
      return { kind, did: body.did, by: body.did, stamp: body.stamp };
    }
    case "loss": {
      const { body } = await openStatement(LOSS, signed, ({ body: { by }, signers }) => mustBe(by, signers));
      return { kind, did: body.did, by: body.by, stamp: body.stamp };
    }
  }
}

function mustBe(did: Did, signers: readonly Did[]): void {
  if (signers.length === 1 && signers[0] === did) return;
  throw new MicrogridError("peer-protocol", "A peer passed on a statement that another device has signed.");
}
