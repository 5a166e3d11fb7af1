/** The page's view of a room: its state, and the methods that change it. */
import { MicrogridError, TypedEventTarget } from "../../core";
import type { Room } from "../contract";
import type { NodeCalls } from "../../node";
import type { CharterTerms, InviteOptions, PeerState, RoomState, ShareOptions } from "../../node";

type RoomMethod =
  | "share"
  | "leaveRoom"
  | "offerByHand"
  | "acceptByHand"
  | "answerByHand"
  | "makeInvite"
  | "answerKnock"
  | "removeMember"
  | "amendCharter"
  | "endorse"
  | "declineLayers";
type RoomCall = <M extends RoomMethod>(method: M, args: NodeCalls[M]["args"]) => Promise<NodeCalls[M]["result"]>;

export class GridRoom
  extends TypedEventTarget<{ "peer-change": readonly PeerState[]; change: RoomState }>
  implements Room
{
  readonly #call: RoomCall;
  #state: RoomState;
  #peers: ReadonlyMap<string, PeerState>;
  #closed = false;

  constructor(state: RoomState, call: RoomCall) {
    super();
    this.#call = async (method, args) => {
      // By now, the node may be in another room.
      if (this.#closed) throw new MicrogridError("closed", `The room “${this.#state.name}” was left.`);
      return call(method, args);
    };
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
  share(options: Partial<ShareOptions> | false = {}): Promise<void> {
    return this.#call("share", { options });
  }

  async offerByHand(): Promise<{ readonly text: string; accept(answer: string): Promise<void> }> {
    const { id, text } = await this.#call("offerByHand", {});
    return { text, accept: (answer) => this.#call("acceptByHand", { id, answer }) };
  }

  answerByHand(offer: string): Promise<string> {
    return this.#call("answerByHand", { offer });
  }

  makeInvite(options: InviteOptions = {}): Promise<string> {
    return this.#call("makeInvite", { options });
  }

  admit(did: string): Promise<void> {
    return this.#call("answerKnock", { did, admit: true });
  }

  decline(did: string): Promise<void> {
    return this.#call("answerKnock", { did, admit: false });
  }

  remove(did: string): Promise<void> {
    return this.#call("removeMember", { did });
  }

  amend(changes: Partial<CharterTerms>): Promise<void> {
    return this.#call("amendCharter", { changes });
  }

  declineLayers(): Promise<void> {
    return this.#call("declineLayers", {});
  }

  endorse(proposal: string): Promise<void> {
    return this.#call("endorse", { proposal });
  }

  async leave({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    if (!this.#closed) await this.#call("leaveRoom", { now });
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
}

function byId(peers: readonly PeerState[]): ReadonlyMap<string, PeerState> {
  return new Map(peers.map((peer) => [peer.id, peer]));
}
