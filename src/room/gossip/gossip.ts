/** The room beyond the links: who is there by gossip, which links that asks for, and links on demand. */
import { type Did, MicrogridError, type PeerId, TypedEventTarget, deferred, onAbort } from "../../core";
import { LEFT_ROOM, MEMBER_DIAL_MS, REEXAMINE_MS } from "../constants";
import { type Membership, type Standing, hasEnded, restsOn } from "../membership";
import type { RawFrame } from "../../wire";
import type { Member } from "../links/member";
import type { Mesh } from "../links/mesh";
import { NOT_NEEDED } from "../links/reasons";
import { type Card, type CardTerms, LINKS_WANTED, MemberDirectory, LinkKeeper, sample } from ".";

interface GossipOptions {
  readonly membership: Membership;
  /** New at every start of this node. */
  readonly session: string;
  readonly mesh: Mesh;
  /** Whether signaling can be used. */
  online(): boolean;
  /** The current announcement of this node. */
  terms(): CardTerms;
}

interface GossipEvents {
  /** Something is news of this member. */
  change: Did;
}

/** All members, linked or not. */
export class Gossip extends TypedEventTarget<GossipEvents> {
  readonly #mesh: Mesh;
  readonly #online: () => boolean;
  /** All members that are known of. */
  readonly directory: MemberDirectory;
  readonly #keeper: LinkKeeper;
  /** Forgets members whose delegation has ended. */
  readonly #tending: ReturnType<typeof setInterval>;

  constructor({ mesh, online, membership, session, terms }: GossipOptions) {
    super();
    this.#mesh = mesh;
    this.#online = online;
    this.directory = new MemberDirectory({
      signer: membership.signer,
      room: membership.genesis.hash,
      session,
      terms,
      proof: () => membership.proof,
      vouch: (did, proof) => membership.examine(did, proof),
    });
    this.#keeper = new LinkKeeper({
      directory: this.directory,
      online,
      links: {
        linked: () => this.#linked(),
        get count() {
          return mesh.members.size;
        },
        isDialling: (did) => mesh.isDialling(did),
        get dialling() {
          return mesh.dialling;
        },
        dial: (did) => this.#dial(did),
        drop: (did) => mesh.members.get(did)?.link.close(NOT_NEEDED),
      },
    });
    this.directory.on("change", (did) => this.emit("change", did));
    const rules = (): void => void this.directory.reexamine();
    const proof = (): void => this.directory.refresh();
    membership.on("charter", rules);
    membership.on("epochs", rules);
    membership.on("revocation", (signed) => void this.directory.reexamine(restsOn(signed)));
    membership.on("double", (double) => void this.directory.reexamine((did) => did === double.did));
    this.#tending = setInterval(() => void this.directory.reexamine(hasEnded), REEXAMINE_MS);
    membership.on("proof", proof);
    mesh.on("joined", (member) => this.#joined(member));
    mesh.on("left", ({ member, reason }) => this.#left(member, reason));
    mesh.on("unreachable", (did) => this.#keeper.failed(did));
  }

  /** Nodes in the room that are known of, this one included. */
  get nodes(): number {
    return this.directory.nodes;
  }

  /** Whether every node is linked to every other, as far as this one can tell. */
  get full(): boolean {
    return this.#keeper.full;
  }

  /** Slots that members say they hold. */
  get slots(): readonly { readonly did: Did; readonly slot: number; readonly branch: Did }[] {
    return this.directory.cards.flatMap(({ did, slot }) =>
      slot === undefined ? [] : [{ did, slot, branch: this.standing(did)?.branch ?? did }],
    );
  }

  /** The card that a member has sent to everybody. */
  card(did: Did): Card | undefined {
    return this.directory.card(did);
  }

  /** The standing that a member has proved. */
  standing(did: Did): Standing | undefined {
    return this.directory.standing(did);
  }

  /** Whether a member can be linked to when it is to answer. In a full mesh all are that can. */
  reaches(did: Did): boolean {
    return !this.#keeper.full && !this.#keeper.avoids(did) && !this.directory.suspected(did);
  }

  /** Where a member can be dialled, as far as that is known. */
  addressOf(did: Did): PeerId | undefined {
    return this.#mesh.members.get(did)?.address ?? this.directory.addressOf(did);
  }

  /** Whether a member could be kept in mind. */
  hasRoomFor(did: Did, standing: Standing): boolean {
    return this.directory.card(did) !== undefined || this.directory.hasPlaceFor(standing);
  }

  /** Whether somebody whom a member named is worth dialling. */
  wants(did: Did): boolean {
    return this.#keeper.wants(did);
  }

  /**
   * The nodes that a new member is told of: some of all, so that new members spread over the room, and some that this
   * node is linked to, because it can relay to them if there is no signaling.
   */
  knownPeers(): { did: Did; address: PeerId | undefined }[] {
    const members = [...this.#mesh.members.values()];
    if (this.#keeper.full) return members.map(({ did, address }) => ({ did, address }));
    const own = sample(members, LINKS_WANTED, Math.random).map(({ did }) => did);
    const any = this.#online() ? sample(this.directory.dids(), LINKS_WANTED, Math.random) : [];
    return [...new Set([...any, ...own])].map((did) => ({ did, address: this.addressOf(did) }));
  }

  /** Whether a frame, still encoded, is worth decoding, as far as news of members is concerned. */
  bears({ did }: Member, { kind, body }: RawFrame): boolean {
    return kind !== "gossip" || this.directory.isNews(did, body);
  }

  /** Call when this node's announcement may have changed. */
  refresh(): void {
    this.directory.refresh();
  }

  /** The link to a member; made now if there is none. Throws `peer-lost` if the member cannot be reached. */
  async linkTo(did: Did, { signal }: { signal: AbortSignal }): Promise<Member> {
    signal.throwIfAborted();
    const linked = this.#mesh.members.get(did);
    if (linked) return linked;
    const { promise, resolve, reject } = deferred<Member>();
    const fail = (): void => reject(new MicrogridError("peer-lost", "A device of the room could not be reached."));
    // At its address, or through a member that is linked to both.
    const timer = setTimeout(fail, 2 * MEMBER_DIAL_MS);
    using _ = onAbort(signal, reject);
    const stop = [
      this.#mesh.on("joined", (member) => member.did === did && resolve(member)),
      this.#mesh.on("unreachable", (other) => other === did && fail()),
    ];
    try {
      this.#dial(did);
      return await promise;
    } finally {
      clearTimeout(timer);
      for (const each of stop) each();
    }
  }

  /** Says good-bye to everybody, without waiting. */
  close(): void {
    clearInterval(this.#tending);
    this.#keeper.close();
    this.directory.close();
  }

  #dial(did: Did): void {
    this.#mesh.dial(did, this.#online() ? this.addressOf(did) : undefined);
  }

  #joined(member: Member): void {
    const { did, link } = member;
    this.directory.linked(did, {
      send: (kind, body) => link.post(kind, body),
      sendEncoded: (gossip) => link.postEncoded("gossip", gossip),
      accuse: (what) => link.accuse(what),
      charge: (ms) => link.charge(ms),
      offerer: link.offerer,
    });
  }

  #left({ did, link }: Member, reason: string): void {
    // Another link of the same did has taken its place, or is about to.
    if (this.#mesh.members.has(did)) return;
    const gone = link.lost || reason === LEFT_ROOM;
    if (!gone) this.#keeper.avoid(did);
    this.directory.unlinked(did, gone);
  }

  #linked(): Map<Did, { busy: boolean; ageMs: number }> {
    const now = performance.now();
    return new Map(
      [...this.#mesh.members].map(([did, { link, since }]) => [did, { busy: link.busy, ageMs: now - since }]),
    );
  }
}
