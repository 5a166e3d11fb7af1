/** How a house takes back that it vouches for a node, and what a node remembers of that. */
import * as v from "valibot";
import { type Did, MicrogridError, decodeCbor, putNewest } from "../core";
import type { Delegation } from "./delegation";
import type { Signer } from "./node-key";
import { DidSchema, type Signed, type StatementKind, readStatement, signStatement } from "./signed";

/** Maximum number of revocations that are kept; those of houses that matter here are dropped last. */
const MAX_REVOCATIONS = 1000;
/** Of one house that does not matter here: its own devices come and go, but hardly more. */
const MAX_OF_ONE_HOUSE = 64;
/** Houses that were met; the one that was met longest ago is forgotten first. */
const MAX_MET = 512;
/** Revocations by houses that were never met, which are not verified. */
const MAX_UNVERIFIED = 256;

const REVOCATION = {
  name: "revocation",
  schema: v.strictObject({
    v: v.literal(1),
    issuer: DidSchema,
    subject: DidSchema,
    at: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  }),
} satisfies StatementKind<v.GenericSchema>;

/** A house revokes every delegation that it has issued to a node up to `at`. */
export type Revocation = v.InferOutput<typeof REVOCATION.schema>;

/** Revokes all delegations to a node that were issued up to `at`. */
export function revoke(house: Signer, subject: Did, at: number): Promise<Signed> {
  return signStatement(REVOCATION, { v: 1, issuer: house.did, subject, at }, house);
}

/** The node that a revocation is about; nothing is verified. Throws if it is malformed. */
export function subjectOfRevocation({ payload }: Signed): Did {
  return v.parse(REVOCATION.schema, decodeCbor(payload)).subject;
}

interface KnownRevocation extends Revocation {
  readonly signed: Signed;
}

/**
 * The revocations that a node has received. Anybody can invent houses that revoke, so only those of houses that vouch for somebody
 * whom this node knows are verified and kept (`matters`, or `meet`). A few of others wait, unverified, until their house is met.
 * `onNews` is called for each that is added.
 */
export class Revocations {
  readonly #known = new Map<string, KnownRevocation>();
  readonly #unverified = new Map<string, KnownRevocation>();
  readonly #met = new Set<Did>();
  readonly #matters: (issuer: Did) => boolean;
  readonly #onNews: (signed: Signed) => void;

  constructor(options: { matters?: (issuer: Did) => boolean; onNews?: (signed: Signed) => void } = {}) {
    this.#matters = options.matters ?? (() => false);
    this.#onNews = options.onNews ?? (() => undefined);
  }

  /** All revocations, for storage. */
  get all(): readonly Signed[] {
    return [...this.#known.values()].map(({ signed }) => signed);
  }

  /** At most `count` revocations to pass on: those of houses that matter first, each group from newest to oldest. */
  foremost(count: number): readonly Signed[] {
    const newest = [...this.#known.values()].reverse();
    const ranked = [true, false].flatMap((first) => newest.filter(({ issuer }) => this.#matters(issuer) === first));
    return ranked.slice(0, count).map(({ signed }) => signed);
  }

  /**
   * Takes a revocation. Returns whether it is news; one of a house that was never met is not. Throws `peer-protocol` if it is not
   * valid.
   */
  async add(signed: Signed): Promise<boolean> {
    const { body, signers, verify } = await readStatement(REVOCATION, signed);
    if (signers.length !== 1 || signers[0] !== body.issuer) {
      throw new MicrogridError("peer-protocol", "A peer passed on a revocation that its house has not signed.");
    }
    if (!this.#isNews(body)) return false;
    if (!this.#matters(body.issuer) && !this.#met.has(body.issuer)) {
      putNewest(this.#unverified, keyOf(body), { ...body, signed }, MAX_UNVERIFIED);
      return false;
    }
    await verify();
    if (!this.#isNews(body) || !this.#hasRoomFor(body)) return false;
    const key = keyOf(body);
    this.#known.delete(key);
    this.#known.set(key, { ...body, signed });
    this.#onNews(signed);
    return true;
  }

  /** Takes revocations that were kept: their houses were met before. Those that are not valid are dropped. */
  async restore(all: readonly Signed[]): Promise<void> {
    for (const signed of all) {
      const read = await readStatement(REVOCATION, signed).catch(() => undefined);
      if (!read) continue;
      await this.meet(read.body.issuer);
      await this.add(signed).catch(() => undefined);
    }
  }

  /** Call this for each house that vouches for a node, once that is verified: from now on its revocations count. */
  async meet(issuer: Did): Promise<void> {
    this.#met.delete(issuer);
    this.#met.add(issuer);
    const [oldest] = this.#met;
    if (this.#met.size > MAX_MET && oldest !== undefined) this.#met.delete(oldest);
    for (const [key, { issuer: other, signed }] of this.#unverified) {
      if (other !== issuer) continue;
      this.#unverified.delete(key);
      await this.add(signed).catch(() => undefined);
    }
  }

  /** Whether a delegation is revoked. */
  revoked(delegation: Delegation): boolean {
    return delegation.issuedAt <= (this.latest(delegation.issuer, delegation.subject) ?? -1);
  }

  /** The time up to which a house has revoked its delegations to a node; undefined if it never did. */
  latest(issuer: Did, subject: Did): number | undefined {
    return this.#known.get(keyOf({ issuer, subject }))?.at;
  }

  #isNews(body: Revocation): boolean {
    return body.at > (this.latest(body.issuer, body.subject) ?? -1);
  }

  /** Drops a revocation if there is no room for one more. False if all of them matter more. */
  #hasRoomFor({ issuer, subject }: Revocation): boolean {
    if (this.#known.has(keyOf({ issuer, subject }))) return true;
    const matters = this.#matters(issuer);
    const known = [...this.#known];
    const own = known.filter(([, other]) => other.issuer === issuer);
    if (!matters && own.length >= MAX_OF_ONE_HOUSE) return this.#known.delete(own[0]![0]);
    if (known.length < MAX_REVOCATIONS) return true;
    const oldest = known.find(([, other]) => !this.#matters(other.issuer)) ?? known[0]!;
    return (matters || !this.#matters(oldest[1].issuer)) && this.#known.delete(oldest[0]);
  }
}

function keyOf({ issuer, subject }: { readonly issuer: Did; readonly subject: Did }): string {
  return `${issuer} ${subject}`;
}
