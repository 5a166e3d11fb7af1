/** The member's side of the door: shows guests that it is a member, and the charter; lets them in, or asks whether it may. */
import { type Did, MicrogridError, TypedEventTarget, encodeCbor, equalBytes, toHex } from "../../core";
import type { Signed } from "../../identity";
import { type AuthenticatedLine, Link, type RawLink, TokenBucket } from "../../wire";
import { GOODBYE_MS, KNOCK_TIMEOUT_MS, MAX_GUESTS, MAX_TOLD_REVOCATIONS, PREVIEW_TIMEOUT_MS } from "../constants";
import { FrameReader } from "../frames/frame-reader";
import {
  type Admission,
  type Membership,
  type OpenedToken,
  type Standing,
  givingWay,
  houseOf,
  readToken,
} from "../membership";
import type { ReceivedBody, RoomFrameBody, RoomLink } from "../protocol";
import { OWN_KNOCK_RATE } from "../frames/rates";
import { DOOR_FRAMES, type GuestLink, type InsideFrame, MAX_INSIDE_BYTES } from "./protocol";
import { RefusedAtDoor } from "./guest-session";

/** Somebody who asks to come in. */
interface KnockInfo {
  readonly did: Did;
  readonly name: string;
  readonly device: string;
  readonly house: Standing["house"];
}

interface DoorOptions {
  readonly membership: Membership;
  /** The members in the room, this node first. */
  inside(): readonly InsideFrame[];
  addressOf(did: Did): string | undefined;
  /** The owners' devices that this node is linked to. */
  owners(): readonly Did[];
  /** Tells all members, so that any of them can answer. */
  tell(frame: RoomFrameBody<"knock">): void;
  /** A guest is a member now: a new handshake begins on its line. */
  introduce(raw: RawLink): void;
}

/** The reason that guests read when the member at the door leaves. */
const CLOSED = "the member at the door has left the room";

/** The reason that guests read for whom there is no place. */
const FULL = "too many guests are at the door";

/** A guest that waits at this door for somebody's word. */
interface Waiting extends KnockInfo {
  answer(admit: boolean): void;
}

/** Opens to guests. */
export class Door extends TypedEventTarget<{ change: undefined }> {
  readonly #options: DoorOptions;
  readonly #waiting = new Map<Did, Waiting>();
  /** Guests who knock at other members' doors, by the link of the member that reports them. */
  readonly #elsewhere = new Map<RoomLink, Map<Did, KnockInfo>>();
  /** The guests who are here, the one who came first first. */
  readonly #links = new Set<GuestLink>();
  /** Those of them who have not knocked. */
  readonly #looking = new Set<GuestLink>();
  #closed = false;
  readonly #mayTell = new TokenBucket(OWN_KNOCK_RATE, performance.now());

  constructor(options: DoorOptions) {
    super();
    this.#options = options;
  }

  /** The guests who knock at any door of the room. */
  get knocks(): readonly KnockInfo[] {
    const told = [...this.#elsewhere.values()].flatMap((knocks) => [...knocks]);
    return [...new Map<Did, KnockInfo>([...told, ...this.#waiting]).values()];
  }

  /** Receives a guest, up to its end. Never throws. */
  async receive(line: AuthenticatedLine): Promise<void> {
    // Its handshake may have begun before this member left.
    if (this.#closed) {
      line.raw.close(CLOSED);
      return;
    }
    if (this.#links.size >= MAX_GUESTS && !this.#makeRoom(inviteOf(line))) {
      line.raw.close(FULL);
      return;
    }
    const link: GuestLink = new Link(line, DOOR_FRAMES);
    this.#links.add(link);
    this.#looking.add(link);
    try {
      const raw = await this.#serve(link);
      if (raw) this.#options.introduce(raw);
    } catch (error) {
      await sendAway(link, error);
    } finally {
      this.#forget(link);
    }
  }

  /** Lets in, or sends away, somebody who knocks. Throws `bad-request` where nobody of that did does any more. */
  answer(did: Did, admit: boolean): void {
    const vias = [...this.#elsewhere].filter(([, knocks]) => knocks.delete(did));
    const waiting = this.#waiting.get(did);
    if (!waiting && vias.length === 0) {
      throw new MicrogridError("bad-request", "This device is not at the door any more.");
    }
    waiting?.answer(admit);
    for (const [via] of vias) via.post("knock.answer", { did, admit });
    this.emit("change", undefined);
  }

  /** Takes word of a knock at another member's door, or that it is over; each speaks of its own door only. */
  async takeKnock(via: RoomLink, { did, name, device, delegation, over }: ReceivedBody<"knock">): Promise<void> {
    const knocks = this.#knocksAt(via);
    if (over) {
      if (knocks.delete(did)) this.emit("change", undefined);
      return;
    }
    if (knocks.size >= MAX_GUESTS && !knocks.has(did)) return;
    const knock: KnockInfo = { did, name, device, house: undefined };
    knocks.set(did, knock);
    const house = await this.#house(did, delegation);
    // It may be over by now.
    if (knocks.get(did) !== knock) return;
    knocks.set(did, { ...knock, house });
    this.emit("change", undefined);
  }

  /** Takes a member's answer to a knock at this door. */
  takeAnswer({ did, admit }: ReceivedBody<"knock.answer">): void {
    this.#waiting.get(did)?.answer(admit);
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links) link.close(CLOSED);
  }

  /**
   * Makes room for a guest with this invite. Everybody who has a link can send guests, so a link has no more places than another one
   * asks for; a guest who does not knock is the first to go.
   */
  #makeRoom(invite: string): boolean {
    const all = [...this.#links];
    const larger = givingWay(all, inviteOf, invite);
    const own = all.filter((link) => inviteOf(link) === invite);
    const from = [larger, own, all].find(({ length }) => length > 0) ?? [];
    const out = from.find((link) => this.#looking.has(link)) ?? larger.at(-1);
    if (!out) return false;
    this.#forget(out);
    out.close(FULL);
    return true;
  }

  #forget(link: GuestLink): void {
    this.#links.delete(link);
    this.#looking.delete(link);
  }

  /** Gives the line once the guest is a member; undefined where it only came to look. */
  async #serve(link: GuestLink): Promise<RawLink | undefined> {
    const { membership } = this.#options;
    const reader = new FrameReader(link);
    const { genesis, charter, epochs, proof, word } = membership;
    const { current } = word;
    const rules = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data.records };
    await link.send("guest.member", { ...rules, proof, ...(current && { head: current.frame }) });
    const hello = await reader.take(["guest.hello"]);
    const token = await readToken(hello.body.token);
    // The handshake was about a token of this hash, and proved the secret of this epoch.
    if (!equalBytes(token.hash, link.peer.token ?? new Uint8Array()) || token.token.epoch !== link.peer.epoch) {
      throw new MicrogridError("peer-refused", "This invite is not valid.");
    }
    await this.#check(token, link);
    await link.send("guest.welcome", { inside: shown(this.#options.inside()) });
    // Guests who only look leave without knocking. That is not a failure.
    const knock = await reader.take(["guest.knock"], PREVIEW_TIMEOUT_MS).catch(() => undefined);
    if (!knock) return undefined;
    this.#looking.delete(link);
    if (membership.charter.terms.admission.kind === "approval") await this.#ask(link, knock.body);
    // Reading and waiting take time: what was true of the invite at first may not be any more.
    await this.#check(token, link);
    await this.#admit(link, await membership.letIn(token, link.did, knock.body.delegation));
    await reader.take(["guest.ready"]);
    return link.release();
  }

  async #admit(link: GuestLink, { epochs, proof }: Admission): Promise<void> {
    const revocations = this.#options.membership.revocations.foremost(MAX_TOLD_REVOCATIONS);
    const sent = link.send("guest.admitted", { epochs: epochs.data, proof, revocations: [...revocations] });
    link.quiet();
    await sent;
  }

  /** Throws `peer-refused`, and says whom to ask where a counted token is another's, who alone redeems it. */
  async #check(token: OpenedToken, link: GuestLink): Promise<void> {
    const { invites, places } = this.#options.membership;
    const { askInstead } = invites.check(token, link.did);
    if (!askInstead) {
      const why = await places.whyNot(link.did, token);
      // Its issuer keeps places for it, and owners have no limit.
      if (why !== undefined) throw new RefusedAtDoor(why, this.#addressOfHost(token));
      return;
    }
    const reason =
      "The device that made this invite is not in the room now, and only that device can let you in with it. Try again later.";
    throw new RefusedAtDoor(reason, this.#options.addressOf(askInstead));
  }

  /** Where a member is that brings in the guests of this invite. */
  #addressOfHost({ token }: OpenedToken): string | undefined {
    const { membership, addressOf, owners } = this.#options;
    const hosts = [token.issuer, ...owners()].filter((did) => did !== membership.signer.did);
    return hosts.map((did) => addressOf(did)).find((address) => address !== undefined);
  }

  /** Waits until a member says yes. Throws `peer-refused` where one says no or nobody answers, `peer-lost` where it leaves. */
  async #ask(
    link: GuestLink,
    { name, device, delegation }: { name: string; device: string; delegation?: Signed | undefined },
  ): Promise<void> {
    if (!this.#mayTell.take(performance.now())) {
      throw new MicrogridError("peer-refused", "Too many devices knock at this door. Try again in a minute.");
    }
    const did = link.did;
    const house = await this.#house(did, delegation);
    await link.send("guest.waiting", {});
    const knock = { did, name, device, ...(delegation && { delegation }) };
    let answer: (admit: boolean) => void = () => undefined;
    const answered = new Promise<boolean>((resolve) => (answer = resolve));
    const lost = link.closed.then((reason) => Promise.reject(new MicrogridError("peer-lost", reason)));
    const timer = setTimeout(() => answer(false), KNOCK_TIMEOUT_MS);
    const waiting: Waiting = { did, name, device, house, answer };
    // A second knock of the same device replaces its first one.
    this.#waiting.get(did)?.answer(false);
    this.#waiting.set(did, waiting);
    this.emit("change", undefined);
    this.#options.tell(knock);
    try {
      if (await Promise.race([answered, lost])) return;
      throw new MicrogridError("peer-refused", "Nobody in the room has let this device in.");
    } finally {
      clearTimeout(timer);
      if (this.#waiting.get(did) === waiting) {
        this.#waiting.delete(did);
        this.#options.tell({ ...knock, over: true });
        this.emit("change", undefined);
      }
    }
  }

  async #house(did: Did, delegation: Signed | undefined): Promise<Standing["house"]> {
    return houseOf(did, delegation, this.#options.membership, "member");
  }

  #knocksAt(via: RoomLink): Map<Did, KnockInfo> {
    const known = this.#elsewhere.get(via);
    if (known) return known;
    const knocks = new Map<Did, KnockInfo>();
    this.#elsewhere.set(via, knocks);
    void via.closed.then(() => {
      this.#elsewhere.delete(via);
      if (knocks.size > 0) this.emit("change", undefined);
      knocks.clear();
    });
    return knocks;
  }
}

/** The invite with which a guest came, by its hash. */
function inviteOf({ peer: { token } }: Pick<GuestLink, "peer">): string {
  return toHex(token ?? new Uint8Array());
}

/** Tells a guest why it does not get in, and waits until it has gone. Never throws. */
async function sendAway(link: GuestLink, error: unknown): Promise<void> {
  const reason = error instanceof MicrogridError ? error.message : "The door is out of order.";
  const askInstead = error instanceof RefusedAtDoor ? error.askInstead : undefined;
  link.post("guest.refused", { reason: reason.slice(0, 300), ...(askInstead !== undefined && { askInstead }) });
  // The guest closes once it has read why.
  const timer = setTimeout(() => link.close("the guest was refused"), GOODBYE_MS);
  await link.closed;
  clearTimeout(timer);
}

/** As many as fit into a frame: how much members say of themselves is up to them. */
function shown(inside: readonly InsideFrame[]): InsideFrame[] {
  let left = MAX_INSIDE_BYTES;
  return inside.filter((member) => {
    const bytes = encodeCbor(member).length;
    const fits = bytes <= left;
    if (fits) left -= bytes;
    return fits;
  });
}
