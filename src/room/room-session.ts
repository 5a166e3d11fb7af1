/** Being in a room, from the moment of opening its invite: first as a guest on the way in, then as a member inside. */
import { MicrogridError, TypedEventTarget, quotedName } from "../core";
import type { Signed } from "../identity";
import type { Provider } from "../inference";
import type { Transport } from "../wire";
import { Entry } from "./door/entry";
import type { Profile } from "./links/heartbeat";
import { MemberSession } from "./member-session";
import type { Invite } from "./invite/invite";
import type { SharedModels } from "./jobs/server";
import { type Charter, type MemberContext, Membership, type MembershipParts } from "./membership";
import { NOT_A_MEMBER } from "./membership/proof";
import { SignalingRegistration, type SignalingState } from "./signaling/registration";
import type { HandDialer } from "./links/relay";
import type { RemotePeer } from "./peers/remote-peer";
import { orderServers } from "./signaling/slots";

/** Everything that a session in a room needs. */
export interface RoomOptions {
  /** The invite that was opened, or the membership that this node has already. */
  readonly entry: { readonly invite: Invite } | { readonly membership: MembershipParts };
  readonly member: MemberContext;
  /** The current delegation of this node by its house. */
  delegation(): Signed | undefined;
  /** Name and version of this program. */
  readonly agent: string;
  /** This device. */
  readonly local: Provider;
  openTransport(url: string): Promise<Transport>;
  /** Makes lines without signaling. */
  readonly hand: HandDialer;
  profile(): Profile;
  /** Keeps the membership for the next time. */
  keep(parts: MembershipParts): void;
}

/** How far this node has come. */
type Phase = "looking" | "knocking" | "inside";

interface RoomEvents {
  /** Peers, what they offer, signaling, rules or jobs have changed. */
  change: undefined;
  /** Somebody was refused; the text is for people. */
  refused: Error;
  /** This node is not in the room any more, or was not let in; the text says why. */
  out: Error;
}

/** A room that this node is in, or on its way into. */
export class RoomSession extends TypedEventTarget<RoomEvents> {
  readonly roomId: string;
  /** Resolves once somebody was met or the first look around is over. */
  lookedAround: Promise<void> = Promise.resolve();
  readonly #options: RoomOptions;
  readonly #registration: SignalingRegistration;
  readonly #left = new AbortController();
  readonly #invite: Invite | undefined;
  #phase: Phase = "looking";
  #entry: Entry | undefined;
  #inside: MemberSession | undefined;
  #sharing: SharedModels | undefined;

  /** Enters a room. Resolves when signaling was tried; the way in goes on from then. */
  static async enter(options: RoomOptions): Promise<RoomSession> {
    const { entry } = options;
    const roomId = "invite" in entry ? entry.invite.roomId : entry.membership.genesis.roomId;
    const servers = "invite" in entry ? entry.invite.servers : entry.membership.charter.terms.servers;
    const session = new RoomSession(options, roomId, await orderServers(roomId, servers));
    await session.#start();
    return session;
  }

  private constructor(options: RoomOptions, roomId: string, servers: readonly string[]) {
    super();
    this.roomId = roomId;
    this.#options = options;
    this.#invite = "invite" in options.entry ? options.entry.invite : undefined;
    this.#registration = new SignalingRegistration(servers, (url) => options.openTransport(url));
    this.#registration.on("state", () => this.emit("change", undefined));
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The room as its members see it; undefined until this node is one. */
  get inside(): MemberSession | undefined {
    return this.#inside;
  }

  /** The same if it is needed. Throws `bad-request` until this node is a member. */
  requireInside(): MemberSession {
    if (this.#inside) return this.#inside;
    throw new MicrogridError("bad-request", "This device is not in the room yet.");
  }

  /** Undefined until this node is a member. */
  get membership(): Membership | undefined {
    return this.#inside?.membership;
  }

  get charter(): Charter | undefined {
    return this.membership?.charter;
  }

  get name(): string {
    return this.charter?.terms.name ?? this.#invite?.name ?? "";
  }

  get servers(): readonly string[] {
    return this.charter?.terms.servers ?? this.#invite?.servers ?? [];
  }

  get signaling(): SignalingState {
    return this.#registration.state;
  }

  get peers(): readonly RemotePeer[] {
    return this.#inside?.peers ?? [];
  }

  /** Starts, changes or ends sharing this device, from the moment on at which it is inside. */
  share(sharing: SharedModels | undefined, stopJobs: boolean): void {
    this.#sharing = sharing;
    this.#inside?.share(sharing, stopJobs);
  }

  /** The house of this node says something else of it now. */
  delegationChanged(): void {
    this.membership?.setDelegation(this.#options.delegation());
  }

  /** A revocation was heard somewhere else. */
  heard(revocation: Signed): void {
    this.membership?.heard(revocation);
  }

  /** Tells the room about this node as it is now. */
  refresh(): void {
    this.#inside?.refresh();
  }

  /** Begins a link without any server: the text goes to a member by hand, and its answer comes back to `accept`. */
  async offerByHand(): Promise<{ readonly text: string; accept(answer: string): Promise<void>; cancel(): void }> {
    const offer = await this.#options.hand.offer();
    return {
      ...offer,
      accept: async (answer) => {
        const raw = await offer.accept(answer);
        await (this.#inside ? this.#inside.introduce(raw) : this.#entry?.meet(raw));
      },
    };
  }

  /** Answers such an offer; the result goes back by hand, and the link comes up by itself. */
  async answerByHand(offer: string): Promise<string> {
    const inside = this.requireInside();
    const answer = await this.#options.hand.answer(offer);
    void answer.link.then((raw) => inside.introduce(raw)).catch(() => undefined);
    return answer.text;
  }

  /** Says good-bye and leaves. Synchronous, so that it works while the page goes away. */
  leave(): void {
    this.#left.abort();
    this.#entry?.close();
    this.#inside?.leave();
    this.#registration.close();
  }

  async #start(): Promise<void> {
    const { entry } = this.#options;
    await this.#registration.start();
    if ("membership" in entry) this.#enter(entry.membership);
    else await this.#approach(entry.invite);
  }

  /** Looks for somebody who opens; this node is inside once somebody has. */
  async #approach(invite: Invite): Promise<void> {
    const { member, agent, profile, delegation } = this.#options;
    const entry = await Entry.open(this.#registration, { member, agent, invite }, () => {
      const { name, device } = profile();
      return { name, device, delegation: delegation() };
    });
    this.#entry = entry;
    entry.on("phase", (phase) => this.#setPhase(phase));
    entry.on("refused", (error) => this.emit("refused", error));
    this.lookedAround = Promise.race([entry.start(), this.#comeIn(entry)]);
  }

  async #comeIn(entry: Entry): Promise<void> {
    try {
      const { parts, revocations, enter } = await entry.pass(this.#left.signal);
      this.#entry = undefined;
      const inside = this.#enter(parts);
      const introduced = inside.introduce(enter());
      for (const signed of revocations) await this.#options.member.hear(signed).catch(() => undefined);
      await introduced;
    } catch (error) {
      if (this.#left.signal.aborted) return;
      this.leave();
      this.emit("out", error instanceof Error ? error : new Error(String(error)));
    }
  }

  #enter(parts: MembershipParts): MemberSession {
    const { member, agent, local, hand } = this.#options;
    const membership = new Membership(member, parts);
    membership.setDelegation(this.#options.delegation());
    const inside = new MemberSession({
      registration: this.#registration,
      membership,
      agent,
      local,
      hand,
      profile: () => this.#options.profile(),
    });
    this.#inside = inside;
    membership.on("change", () => this.#options.keep(membership.parts));
    membership.on("charter", ({ terms }) => void this.#moveTo(terms.servers));
    inside.on("change", () => this.emit("change", undefined));
    inside.on("refused", (error) => this.emit("refused", error));
    membership.on("out", (why) => this.#isOut(why));
    this.#options.keep(membership.parts);
    if (this.#sharing) inside.share(this.#sharing, false);
    this.lookedAround = inside.start();
    this.#setPhase("inside");
    return inside;
  }

  #isOut(why: string): void {
    if (this.#left.signal.aborted) return;
    const { name } = this;
    this.leave();
    this.emit("out", new MicrogridError("peer-refused", outText(name, why)));
  }

  async #moveTo(servers: readonly string[]): Promise<void> {
    await this.#registration.setServers(await orderServers(this.roomId, servers));
  }

  #setPhase(phase: Phase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.emit("change", undefined);
  }
}

function outText(name: string, why: string): string {
  return why === NOT_A_MEMBER.removed
    ? `You were removed from ${quotedName(name)}.`
    : `You are no longer in ${quotedName(name)}. ${why}`;
}
