/** The page's view of a room: its state, and the methods that change it. */
import * as v from "valibot";
import { MicrogridError, TypedEventTarget, quotedName } from "../../core";
import type { Room } from "../contract";
import { fieldsOf } from "../fields";
import {
  type CharterTerms,
  type InviteOptions,
  type PeerState,
  type RoomApi,
  type RoomState,
  type ShareOptions,
  checkArgument,
} from "../../node";

const Dids = v.union([v.string(), v.array(v.string())], "a did, or a list of dids");
const RemoveOptions = v.strictObject({ keep: v.optional(v.array(v.string())) });

export class GridRoom
  extends TypedEventTarget<{ "peer-change": readonly PeerState[]; change: RoomState }>
  implements Room
{
  readonly #node: RoomApi;
  #state: RoomState;
  #peers: ReadonlyMap<string, PeerState>;
  #closed = false;

  constructor(state: RoomState, node: RoomApi) {
    super();
    this.#node = node;
    this.#state = state;
    this.#peers = byId(state.peers);
  }

  get id(): string {
    return this.#state.id;
  }

  get name(): string {
    return this.#state.name;
  }

  get invite(): string {
    return this.#state.invite;
  }

  /** The other nodes in the room, by id. */
  get peers(): ReadonlyMap<string, PeerState> {
    return this.#peers;
  }

  /** Shares this device with the room, with these limits; `false` stops sharing. */
  async share(options: Partial<ShareOptions> | false = {}): Promise<void> {
    return this.#room.share(options);
  }

  async offerByHand(): Promise<{ readonly text: string; accept(answer: string): Promise<void> }> {
    const { id, text } = await this.#room.offerByHand();
    return { text, accept: async (answer) => this.#room.acceptByHand(id, answer) };
  }

  async answerByHand(offer: string): Promise<string> {
    return this.#room.answerByHand(offer);
  }

  async makeInvite(options: InviteOptions = {}): Promise<string> {
    return this.#room.makeInvite(options);
  }

  async admit(did: string): Promise<void> {
    return this.#room.answerKnock(did, true);
  }

  async decline(did: string): Promise<void> {
    return this.#room.answerKnock(did, false);
  }

  async remove(dids: string | readonly string[], options: { readonly keep?: readonly string[] } = {}): Promise<void> {
    checkArgument(Dids, dids, "room.remove");
    checkArgument(RemoveOptions, options, "room.remove");
    return this.#room.remove(typeof dids === "string" ? [dids] : dids, options.keep ?? []);
  }

  async amend(changes: Partial<CharterTerms>): Promise<void> {
    return this.#room.amend(changes);
  }

  async declineLayers(): Promise<void> {
    return this.#room.declineLayers();
  }

  async endorse(proposal: string): Promise<void> {
    return this.#room.endorse(proposal);
  }

  async leave(options?: { readonly now?: boolean }): Promise<void> {
    const { now = false } = fieldsOf(options, "room.leave");
    if (!this.#closed) await this.#node.leave(now);
  }

  /** Marks this object as closed, because the node has left the room or entered another one. */
  close(): void {
    this.#closed = true;
  }

  /** Takes over the newest state of the node. */
  update(state: RoomState): void {
    const before = this.#state;
    this.#state = state;
    if (state.peers !== before.peers) {
      this.#peers = byId(state.peers);
      this.emit("peer-change", state.peers);
    }
    this.emit("change", state);
  }

  /** The node's room, as long as it is this one: by now, the node may be in another room. */
  get #room(): RoomApi {
    if (this.#closed) throw new MicrogridError("closed", `The room ${quotedName(this.#state.name)} was left.`);
    return this.#node;
  }
}

function byId(peers: readonly PeerState[]): ReadonlyMap<string, PeerState> {
  return new Map(peers.map((peer) => [peer.id, peer]));
}
