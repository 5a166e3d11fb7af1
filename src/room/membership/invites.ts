/** The invites of a member: which it makes, which of them it shows, and which that guests bring still hold. */
import { type Bytes, DAY_MS, type Did, MicrogridError, equalBytes, toHex } from "../../core";
import type { Signer } from "../../identity";
import { tokenSecret } from "../../wire";
import { rendezvousSecret } from "../signaling/slots";
import { INVITE_DAYS } from "../constants";
import type { Charter } from "./charter";
import type { Epochs } from "./epochs";
import type { Genesis } from "./genesis";
import type { Invite } from "../invite/invite";
import { NOT_A_MEMBER, type Standing } from "./proof";
import { type OpenedToken, makeToken, readToken } from "../invite/token";

/** The stored state of invites. */
export interface InviteParts {
  /** The devices that came in by each counted invite of this node, by the invite's hash. */
  readonly redeemed: ReadonlyMap<string, readonly Did[]>;
  /** The invite that is shown. */
  readonly token: OpenedToken | undefined;
}

/** How long an invite holds. */
interface InviteLimits {
  /** How many nodes may enter with it; 0 for any number. */
  readonly uses: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/** The parts of a membership that invites depend on. */
interface InvitingMembership {
  readonly signer: Signer;
  readonly genesis: Genesis;
  readonly charter: Charter;
  readonly epochs: Epochs;
  ownStanding(): Promise<Standing>;
  founderSigners(): Promise<readonly Signer[]>;
  isFounder(did: Did): boolean;
}

/** Makes invites and checks them, by the rules of a membership. */
export class Invites {
  readonly #membership: InvitingMembership;
  /** Called when what is kept has changed. */
  readonly #changed: () => void;
  readonly #redeemed: Map<string, readonly Did[]>;
  #shown: OpenedToken | undefined;
  /** The invite to show while it is looked at: whoever asks meanwhile gets the same one. */
  #showing: Promise<OpenedToken> | undefined;

  constructor(membership: InvitingMembership, { redeemed, token }: InviteParts, changed: () => void) {
    this.#membership = membership;
    this.#changed = changed;
    this.#redeemed = new Map(redeemed);
    this.#shown = token;
  }

  /** All that is kept, to be stored. */
  get parts(): InviteParts {
    return { redeemed: this.#redeemed, token: this.#shown };
  }

  /** Whether this node may make invites. */
  async allowed(): Promise<boolean> {
    const { charter } = this.#membership;
    return charter.terms.invites === "members" || (await this.#membership.ownStanding()).founder;
  }

  /** Makes an invite with these limits. Throws `bad-request` if the charter forbids it. */
  async make(limits: InviteLimits): Promise<Invite> {
    if (!(await this.allowed())) {
      throw new MicrogridError("bad-request", "Only owners of this room can make invites. Ask one of them.");
    }
    const { genesis, epochs } = this.#membership;
    const notAfter = Math.floor(limits.notAfter / 1000) * 1000;
    const terms = { room: genesis.hash, epoch: epochs.head.n, uses: limits.uses, notAfter };
    return this.#with(await makeToken(await this.#signers(limits), terms));
  }

  /** One signature is enough for most invites, and each further one makes the link a third longer. */
  async #signers({ uses }: Pick<InviteLimits, "uses">): Promise<readonly [Signer, ...Signer[]]> {
    const { signer, charter } = this.#membership;
    const [first, ...others] = await this.#membership.founderSigners();
    if (!first || first.did === signer.did) return [signer];
    // Guests of a founder's own open invite take no place of the member that lets them in.
    if (uses === 0) return [first];
    // Only this node itself can count who came in.
    return charter.terms.invites === "founders" ? [signer, first, ...others] : [signer];
  }

  /** The invite that is shown to this node's user: without a count, and renewed when it ends, or when an epoch or new rules have ended it. */
  async current(): Promise<Invite> {
    this.#showing ??= this.#renew().finally(() => (this.#showing = undefined));
    return this.#with(await this.#showing);
  }

  async #renew(): Promise<OpenedToken> {
    const token = this.#shown?.token;
    const soon = Date.now() + (INVITE_DAYS / 2) * DAY_MS;
    const [maker] = await this.#signers({ uses: 0 });
    if (token?.epoch !== this.#membership.epochs.head.n || token.notAfter < soon || token.issuer !== maker.did) {
      const { token: made } = await this.make({ uses: 0, notAfter: Date.now() + INVITE_DAYS * DAY_MS });
      this.#shown = await readToken(made.signed);
      this.#changed();
    }
    return this.#shown!;
  }

  /** The invite that was shown last, if it still lets anybody in. */
  async kept(): Promise<Invite | undefined> {
    const shown = this.#shown;
    const holds = shown?.token.epoch === this.#membership.epochs.head.n && shown.token.notAfter > Date.now();
    return holds ? this.#with(shown) : undefined;
  }

  /** A new epoch has ended the invite that was shown. */
  forget(): void {
    this.#shown = undefined;
  }

  /**
   * Checks what a guest comes with. Throws `peer-refused` with a reason for people; gives the one to ask instead where
   * only that one may redeem it.
   */
  check(opened: OpenedToken, guest: Did): { readonly askInstead: Did | undefined } {
    const { token, signers, hash } = opened;
    const { genesis, charter, epochs, signer } = this.#membership;
    if (epochs.removed.has(guest)) throw refused(NOT_A_MEMBER.removed);
    if (!equalBytes(token.room, genesis.hash) || !signers.includes(token.issuer)) {
      throw refused("This invite is not valid.");
    }
    if (token.epoch !== epochs.head.n) {
      const text = "This invite has ended, since somebody was removed from the room after it was made.";
      throw refused(`${text} Ask for a new one.`);
    }
    if (token.notAfter < Date.now()) throw refused("This invite has ended. Ask for a new one.");
    if (charter.terms.invites === "founders" && !signers.some((did) => this.#membership.isFounder(did))) {
      throw refused("In this room only owners can invite. Ask one of them for a link.");
    }
    if (token.uses === 0 && this.#canShow(opened)) return { askInstead: undefined };
    if (token.issuer !== signer.did) return { askInstead: token.issuer };
    if (token.uses === 0) return { askInstead: undefined };
    this.#usesOf(token, hash, guest);
    return { askInstead: undefined };
  }

  /**
   * Whether the proof of a guest could show that this invite let it in: a device that only acts for a founder has signed it where no
   * founder has, and lets the guest in by its own proof.
   */
  #canShow({ signers }: OpenedToken): boolean {
    const { charter, genesis } = this.#membership;
    return charter.terms.invites === "members" || signers.some((did) => genesis.founders.includes(did));
  }

  /** Counts a guest that was let in. Throws `peer-refused` where the invite is used up. */
  redeem({ token, hash }: OpenedToken, guest: Did): void {
    if (token.uses === 0) return;
    const redeemed = this.#usesOf(token, hash, guest);
    this.#redeemed.set(toHex(hash), [...new Set([...redeemed, guest])]);
    this.#changed();
  }

  #usesOf({ uses }: OpenedToken["token"], hash: Bytes, guest: Did): readonly Did[] {
    const redeemed = this.#redeemed.get(toHex(hash)) ?? [];
    if (redeemed.length < uses || redeemed.includes(guest)) return redeemed;
    throw refused("This invite is used up. Ask for a new one.");
  }

  async #with({ signed, hash }: OpenedToken): Promise<Invite> {
    const { genesis, charter, epochs } = this.#membership;
    const { name, servers } = charter.terms;
    const [secret, rendezvous] = await Promise.all([tokenSecret(epochs.secret, hash), rendezvousSecret(epochs.secret)]);
    return { roomId: genesis.roomId, name, rendezvousSecret: rendezvous, token: { signed, secret }, servers };
  }
}

function refused(why: string): MicrogridError {
  return new MicrogridError("peer-refused", why);
}
