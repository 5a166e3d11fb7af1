/** The places of a room as one member knows them: those that it may give away, and those that others show to be taken. */
import { type Did, MicrogridError } from "../../core";
import type { OpenedToken } from "../invite/token";
import type { PlaceRange } from "./admission";
import type { Charter } from "./charter";
import { type DoubleFrame, Doubles, evidenceOf } from "./doubles";
import type { Genesis } from "./genesis";
import type { GivenPlaces } from "./given-places";
import { type Examined, NOT_A_MEMBER, type RoomRules, type TakenPlace } from "./proof";
import { TakenPlaces } from "./taken-places";

/** The parts of a membership that places depend on. */
interface CountedMembership {
  readonly signer: { readonly did: Did };
  readonly genesis: Genesis;
  readonly charter: Charter;
  readonly rules: RoomRules;
  ownStanding(): Promise<Examined>;
}

/** Tells a guest that this member may bring in nobody else. */
const NONE_LEFT =
  "The member at this door has brought in as many people as the rules allow. Ask an owner of the room, or another member.";

/** Counts the people whom members bring in. */
export class Places {
  readonly doubles = new Doubles();
  readonly #membership: CountedMembership;
  readonly #given: GivenPlaces;
  readonly #convicted: (did: Did, evidence: DoubleFrame) => void;
  readonly #taken = new TakenPlaces();

  /** `convicted` is called when it turns out that a member gave a place away twice. */
  constructor(membership: CountedMembership, given: GivenPlaces, convicted: (did: Did, evidence: DoubleFrame) => void) {
    this.#membership = membership;
    this.#given = given;
    this.#convicted = convicted;
  }

  /** Takes the places of a proof. Throws `peer-refused` if another node has shown one of them. */
  show(taken: readonly TakenPlace[]): void {
    for (const each of [...taken].reverse()) {
      const other = this.#taken.take(each);
      if (!other) continue;
      const evidence = other.word && evidenceOf(other.word, each);
      if (evidence) void this.takeDouble(evidence).catch(() => undefined);
      throw new MicrogridError("peer-refused", NOT_A_MEMBER.twice);
    }
  }

  /** Takes evidence of a place that was given away twice. Throws `peer-protocol` if it convicts nobody. */
  async takeDouble(evidence: DoubleFrame): Promise<void> {
    const did = await this.doubles.take(evidence, this.#membership.rules);
    if (did) this.#convicted(did, evidence);
  }

  /** Whether anybody could come with this invite: a founder has made it, and nobody is asked. Such guests need no place. */
  isOpen({ token, signers }: OpenedToken): boolean {
    const { charter, genesis } = this.#membership;
    const isFounders = signers.some((did) => genesis.founders.includes(did));
    return charter.terms.admission.kind === "invite" && token.uses === 0 && isFounders;
  }

  /** Gives a place to somebody whom this node lets in; undefined if none is needed. Throws `peer-refused` if none is left. */
  async give(did: Did, token: OpenedToken | undefined): Promise<PlaceRange | undefined> {
    const places = await this.#placesFor(token);
    if (places === Infinity) return undefined;
    const place = await this.#given.give(this.#room, did, places, this.#seen);
    if (place) return place;
    throw new MicrogridError("peer-refused", NONE_LEFT);
  }

  /**
   * Why this node cannot let in a guest; undefined if it can. Half of its places are for guests with invites of its own, so that
   * strangers with another member's invite cannot use up all.
   */
  async whyNot(guest: Did, token: OpenedToken): Promise<string | undefined> {
    const places = await this.#placesFor(token);
    if (places === Infinity || (await this.#given.has(this.#room, guest))) return undefined;
    const left = await this.#given.left(this.#room, places, this.#seen);
    const isOwn = token.token.issuer === this.#membership.signer.did;
    return left > (isOwn ? 0 : places / 2) ? undefined : NONE_LEFT;
  }

  /** How many places this node has for a guest with this invite; Infinity if nobody counts. */
  async #placesFor(token: OpenedToken | undefined): Promise<number> {
    if (this.#membership.charter.terms.limits.people === undefined || (token && this.isOpen(token))) return Infinity;
    return (await this.#membership.ownStanding()).places;
  }

  get #room(): Genesis["roomId"] {
    return this.#membership.genesis.roomId;
  }

  get #seen(): ReturnType<TakenPlaces["of"]> {
    return this.#taken.of(this.#membership.signer.did);
  }
}
