/** The member's side of the door: shows guests the charter, lets them in, or asks whether it may. */
import { type Did, MicrogridError, TypedEventTarget } from "../../core";
import type { Signed } from "../../identity";
import { type AuthenticatedLine, Link, type RawLink } from "../../wire";
import { KNOCK_TIMEOUT_MS, MAX_GUESTS, PREVIEW_TIMEOUT_MS } from "../constants";
import { FrameReader } from "../frame-reader";
import { type Membership, type OpenedToken, type Standing, houseOf, readToken } from "../membership";
import type { ReceivedBody, RoomFrameBody, RoomLink } from "../protocol";
import { DOOR_FRAMES, type GuestLink, type InsideFrame } from "./protocol";

/** Somebody who asks to come in. */
export interface KnockInfo {
  readonly did: Did;
  readonly name: string;
  readonly device: string;
  readonly house: Standing["house"];
}

interface DoorOptions {
  readonly membership: Membership;
  /** Who is inside, this node first. */
  inside(): readonly InsideFrame[];
  addressOf(did: Did): string | undefined;
  /** Tells all members, so that any of them can answer. */
  tell(frame: RoomFrameBody<"knock">): void;
  /** A guest is a member now: a new handshake begins on its line. */
  introduce(raw: RawLink): void;
}

/** A guest that waits for somebody's word, here or at the member that it has asked. */
interface Waiting extends KnockInfo {
  answer(admit: boolean): void;
}

/** Opens to guests. */
export class Door extends TypedEventTarget<{ change: undefined }> {
  readonly #options: DoorOptions;
  readonly #waiting = new Map<Did, Waiting>();
  #guests = 0;
  readonly #links = new Set<GuestLink>();

  constructor(options: DoorOptions) {
    super();
    this.#options = options;
  }

  /** Those who knock, wherever in the room. */
  get knocks(): readonly KnockInfo[] {
    return [...this.#waiting.values()];
  }

  /** Receives a guest, up to its end. Never throws. */
  async receive(line: AuthenticatedLine): Promise<void> {
    if (this.#guests >= MAX_GUESTS) return line.raw.close("too many guests are at the door");
    this.#guests++;
    const link: GuestLink = new Link(line, DOOR_FRAMES);
    this.#links.add(link);
    try {
      const raw = await this.#serve(link);
      if (raw) this.#options.introduce(raw);
    } catch (error) {
      const reason = error instanceof MicrogridError ? error.message : "The door is out of order.";
      if (link.open) await link.send("guest.refused", { reason: reason.slice(0, 300) }).catch(() => undefined);
      // The guest closes once it has read why.
      setTimeout(() => link.close("the guest was refused"), PREVIEW_TIMEOUT_MS / 100);
    } finally {
      this.#links.delete(link);
      this.#guests--;
    }
  }

  /** Lets in, or sends away, somebody who knocks. Throws `bad-request` where nobody of that did does any more. */
  answer(did: Did, admit: boolean): void {
    const waiting = this.#waiting.get(did);
    if (!waiting) throw new MicrogridError("bad-request", "This device is not at the door any more.");
    waiting.answer(admit);
  }

  /** Takes word of a knock at another member's door, or that it is over. */
  async takeKnock(via: RoomLink, frame: ReceivedBody<"knock">): Promise<void> {
    const { did } = frame;
    if (frame.over) return this.#forget(did);
    if (this.#waiting.size >= MAX_GUESTS || this.#waiting.has(did)) return;
    const { delegation, name, device } = frame;
    const house = await this.#house(did, delegation);
    this.#remember({
      did,
      name,
      device,
      house,
      answer: (admit) => {
        this.#forget(did);
        via.post("knock.answer", { did, admit });
      },
    });
    void via.closed.then(() => this.#forget(did));
  }

  /** Takes a member's answer to a knock at this door. */
  takeAnswer({ did, admit }: ReceivedBody<"knock.answer">): void {
    this.#waiting.get(did)?.answer(admit);
  }

  close(): void {
    for (const link of this.#links) link.close("the member at the door has left the room");
  }

  /** Gives the line once the guest is a member; undefined where it only came to look. */
  async #serve(link: GuestLink): Promise<RawLink | undefined> {
    const { membership } = this.#options;
    const reader = new FrameReader(link);
    const hello = await reader.take(["guest.hello"]);
    const token = await readToken(hello.body.token);
    if (!sameBytes(token.hash, link.peer.token)) throw new MicrogridError("peer-refused", "This invite is not valid.");
    const { askInstead } = await membership.checkToken(token, link.did);
    if (askInstead) return this.#sendTo(askInstead, link);
    await link.send("guest.welcome", {
      genesis: membership.genesis.record,
      charter: membership.charter.signed,
      inside: [...this.#options.inside()],
    });
    // Who only looks goes away again; that is no failure.
    const knock = await reader.take(["guest.knock"], PREVIEW_TIMEOUT_MS).catch(() => undefined);
    if (!knock) return undefined;
    const { delegation } = knock.body;
    const proof = await membership.admit(link.did, delegation);
    const { terms } = membership.charter;
    if (terms.admission.kind === "approval") await this.#ask(link, knock.body);
    membership.redeem(token, link.did);
    await this.#admit(link, proof);
    await reader.take(["guest.ready"]);
    return link.release();
  }

  async #admit(link: GuestLink, proof: Awaited<ReturnType<Membership["admit"]>>): Promise<void> {
    const { epochs, revocations } = this.#options.membership;
    const sent = link.send("guest.admitted", { epochs: epochs.data, proof, revocations: [...revocations.all] });
    link.quiet();
    await sent;
  }

  /** A counted token is redeemed by its issuer alone. */
  async #sendTo(issuer: Did, link: GuestLink): Promise<undefined> {
    const askInstead = this.#options.addressOf(issuer);
    const reason =
      "Who made this invite is not in the room now, and only they can let you in with it. Try again later.";
    await link.send("guest.refused", { reason, ...(askInstead && { askInstead }) });
    return undefined;
  }

  /** Waits until a member says yes. Throws `peer-refused` where one says no or nobody answers, `peer-lost` where it leaves. */
  async #ask(
    link: GuestLink,
    { name, device, delegation }: { name: string; device: string; delegation?: Signed | undefined },
  ) {
    const did = link.did;
    const house = await this.#house(did, delegation);
    await link.send("guest.waiting", {});
    const knock = { did, name, device, ...(delegation && { delegation }) };
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const admitted = await new Promise<boolean>((resolve, reject) => {
        this.#remember({ did, name, device, house, answer: resolve });
        this.#options.tell(knock);
        timer = setTimeout(() => resolve(false), KNOCK_TIMEOUT_MS);
        void link.closed.then((reason) => reject(new MicrogridError("peer-lost", reason)));
      });
      if (!admitted) throw new MicrogridError("peer-refused", "Nobody in the room has let this device in.");
    } finally {
      clearTimeout(timer);
      this.#forget(did);
      this.#options.tell({ ...knock, over: true });
    }
  }

  async #house(did: Did, delegation: Signed | undefined): Promise<Standing["house"]> {
    return houseOf(did, delegation, this.#options.membership, Date.now());
  }

  #remember(waiting: Waiting): void {
    this.#waiting.set(waiting.did, waiting);
    this.emit("change", undefined);
  }

  #forget(did: Did): void {
    if (this.#waiting.delete(did)) this.emit("change", undefined);
  }
}

function sameBytes(a: OpenedToken["hash"], b: Uint8Array | undefined): boolean {
  return b?.length === a.length && a.every((byte, i) => byte === b[i]);
}
