/** The surface of `Grid` that pages and components use; `Grid` implements it. */
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
} from "openai/resources/chat/completions";
import type { TypedEventTarget } from "../core";
import type { ConversationStore } from "./conversations";
import type {
  AnswerEvent,
  AnswerRequest,
  AnswerSummary,
  CharterOptions,
  CharterTerms,
  DelegationState,
  GridState,
  HouseState,
  InviteInfo,
  InviteOptions,
  LoadOptions,
  ModelInfo,
  NetworkSettings,
  PeerState,
  PipelinePlan,
  PipelineState,
  PlanOptions,
  Policy,
  RoomPreview,
  RoomState,
  ShareOptions,
} from "../node";

export interface GridEvents {
  /** Anything in `state` changed. */
  change: GridState;
  /** A room was entered, changed or left. */
  "room-change": RoomState | undefined;
  /** The peers of the room, or what they offer, changed. */
  "peer-change": readonly PeerState[];
}

/** Fields that Microgrid adds to OpenAI's shapes. */
export type MicrogridParams = ChatCompletionCreateParams & {
  microgrid?: { policy?: Partial<Policy>; provider?: AnswerRequest["provider"] };
  top_k?: number;
  min_p?: number;
  repetition_penalty?: number;
};
export type MicrogridCompletion = ChatCompletion & { microgrid: AnswerSummary };
export type MicrogridChunk = ChatCompletionChunk & { microgrid?: AnswerSummary };

export interface ChatCompletions {
  create(
    body: MicrogridParams & { stream: true },
    options?: { signal?: AbortSignal },
  ): Promise<AsyncIterable<MicrogridChunk>>;
  create(body: MicrogridParams & { stream?: false }, options?: { signal?: AbortSignal }): Promise<MicrogridCompletion>;
}

export interface Models {
  list(): Promise<ModelInfo[]>;
  /** Downloads what is missing and loads the model; aborting keeps what was downloaded, where the store allows. */
  load(id: string, options?: LoadOptions): Promise<void>;
  unload(id: string): Promise<void>;
  /** Unloads the model and deletes its stored files; an added model also leaves the list. */
  remove(id: string): Promise<void>;
  /** Adds a model by hub name (`owner/name`), URL or files; the result's id is then known to `load`. */
  add(source: string | URL | FileList): Promise<ModelInfo>;
}

/** A room that this node is in. */
export interface Room extends TypedEventTarget<{ "peer-change": readonly PeerState[]; change: RoomState }> {
  readonly id: string;
  readonly name: string;
  readonly invite: string;
  readonly peers: ReadonlyMap<string, PeerState>;
  share(options?: Partial<ShareOptions> | false): Promise<void>;
  /**
   * Links to a member without any server: bring `text` to it (as text or QR code), and its answer back to `accept`.
   * Everybody else is then reached through that member. For when no signaling server can be reached.
   */
  offerByHand(): Promise<{ readonly text: string; accept(answer: string): Promise<void> }>;
  /** The member's side: takes such an offer, gives the answer to bring back. */
  answerByHand(offer: string): Promise<string>;
  /** Makes an invite that lets in so many (any number where absent) until then (30 days where absent). */
  makeInvite(options?: InviteOptions): Promise<string>;
  /** Lets in somebody who knocks. */
  admit(did: string): Promise<void>;
  /** Sends away somebody who knocks. */
  decline(did: string): Promise<void>;
  /** Removes a member for good, by a new epoch that it gets no secret of. Founders only. */
  remove(did: string): Promise<void>;
  /** Changes the charter. Founders only. */
  amend(changes: Partial<CharterTerms>): Promise<void>;
  /** Says no to those who want this device to hold layers; `share({ layers: true })` says yes. Both hold in this room until changed. */
  declineLayers(): Promise<void>;
  /** Signs a change that waits for more founders. */
  endorse(proposal: string): Promise<void>;
  /** Leaves, once others have taken over what they can of the layers that are held here; `now` does not wait for them. */
  leave(options?: { readonly now?: boolean }): Promise<void>;
}

export interface Rooms {
  create(options: { name: string; charter?: CharterOptions }): Promise<Room>;
  /**
   * Joins; calling it in code is consent to join under the room's charter. The page asks first. Resolves when the room
   * is being entered: `state.room.membership` tells how far that is.
   */
  join(invite: string | URL): Promise<Room>;
  /**
   * Shows the charter and who is inside, as a guest under a throw-away identity: nothing of this node is told but its
   * network address. Waits until somebody is there, or `signal` aborts. Throws `peer-refused` where the invite has
   * ended or is used up.
   */
  preview(invite: string | URL, options?: { signal?: AbortSignal }): Promise<RoomPreview>;
  /** Rooms that this node was in and can enter again without an invite. */
  kept(): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Enters a room that was kept, by its id. Throws `bad-request` where it was not. */
  enter(id: string): Promise<Room>;
  /** Forgets a room: this node needs an invite to come back. */
  forget(id: string): Promise<void>;
  /** Parses an invite without contacting anybody. Throws `invite-malformed` or `invite-version`. */
  inspect(invite: string | URL): InviteInfo;
  readonly current: Room | undefined;
}

/** A model that this device runs together with others. */
export interface Pipeline {
  readonly id: string;
  readonly model: string;
  /** As it is now; undefined once it is closed. */
  readonly state: PipelineState | undefined;
  /** Frees it everywhere; answers that run go on with whoever else can give them. */
  close(): Promise<void>;
}

export interface Pipelines {
  /**
   * Who could hold which layers of a model, and what to expect: `nodes` (ids of peers, `"self"` for this one; default:
   * everybody, those first who give memory) are asked, measure themselves, and the fastest are chosen, or so many as `stages` says.
   * Nothing is loaded but the model's graph, here and by those who are asked. Where it cannot be run, `missing` of the plan says why.
   * Throws `unknown-model`, `unsupported-model` where the model cannot be split, `network`, `bad-request` outside of rooms.
   */
  plan(model: string, options?: PlanOptions & { signal?: AbortSignal }): Promise<PipelinePlan>;
  /**
   * Forms it. Resolves when it can answer. Throws `bad-request` where the model runs with the room already, `stage-refused`,
   * `peer-lost`, or the signal's reason.
   */
  open(plan: PipelinePlan, options?: { signal?: AbortSignal }): Promise<Pipeline>;
  /** Those that run. */
  list(): readonly Pipeline[];
}

export interface Identity {
  readonly did: string;
  readonly name: string;
  /** Changes the name that peers see, 1 to 40 characters. */
  rename(name: string): Promise<void>;
  /** The person or organisation that vouches for this node; undefined while nobody does. */
  readonly house: HouseState | undefined;
  /** Makes a house on this device and vouches for this node. The phrase is all that restores it: write it down. */
  createHouse(name: string): Promise<{ readonly phrase: string }>;
  /** Brings a house to this device by its recovery phrase, and vouches for this node. */
  restoreHouse(name: string, phrase: string): Promise<void>;
  /** Vouches for another node: `request` is what its `requestDelegation` gave. The result goes back to its `adopt`. */
  delegate(request: string, terms: { label: string; scopes: readonly Scope[]; notAfter: Date }): Promise<string>;
  /** The text that another device of the house needs in order to vouch for this node. */
  requestDelegation(): string;
  /** Takes what a device of the house has signed for this node. */
  adopt(delegation: string): Promise<void>;
  /** Takes back what was given to a node, everywhere where it is heard of. */
  revoke(subject: string): Promise<void>;
  /** Deletes the key of the house from this device; what it has signed stays valid. */
  forgetHouseKey(): Promise<void>;
  /** Leaves the house: this node is unverified again. */
  leaveHouse(): Promise<void>;
  /**
   * The house alone as an encrypted file; `restoreBackup` reads it. Needs the key of the house on this device. Throws
   * `bad-request` where the passphrase is shorter than `MIN_PASSPHRASE_CHARS`.
   */
  backupHouse(passphrase: string): Promise<Blob>;
  /**
   * Everything that is the user's, as one encrypted file: house, rooms, conversations, settings. Throws `bad-request`
   * where the passphrase is shorter than `MIN_PASSPHRASE_CHARS`.
   */
  exportAll(passphrase: string): Promise<Blob>;
  /** Reads either kind of file. Throws `bad-request` where the passphrase is wrong or the file is none. */
  restoreBackup(file: Blob, passphrase: string): Promise<void>;
}

export type Scope = DelegationState["scopes"][number];

export interface GridApi extends TypedEventTarget<GridEvents> {
  readonly state: GridState;
  readonly chat: { readonly completions: ChatCompletions };
  readonly models: Models;
  readonly rooms: Rooms;
  readonly pipelines: Pipelines;
  readonly identity: Identity;
  readonly policy: Policy;
  readonly conversations: ConversationStore;
  setPolicy(patch: Partial<Policy>): Promise<void>;
  /** Changes the servers that this node uses; undefined goes back to the site's. Links are made anew with the next room. */
  setNetwork(settings: Partial<NetworkSettings> | undefined): Promise<void>;
  /** Streams one answer with its routes; `chat.completions` is made of this. Leaving the loop stops the work. */
  answer(request: AnswerRequest, options?: { signal?: AbortSignal }): AsyncIterable<AnswerEvent>;
  dismissNotice(id: string): void;
  close(): Promise<void>;
}
