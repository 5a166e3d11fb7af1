/** The public API of Microgrid: the interfaces that `Grid` implements for pages, components and scripts. */
import type { TypedEventTarget } from "../core";
import type { Scope } from "../identity";
import type { BackupChange } from "./backup";
import type { ConversationStore } from "./conversations";
import type { ChatCompletions, Embeddings } from "../openai";
import type {
  AnswerEvent,
  AnswerRequest,
  CharterOptions,
  CharterTerms,
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

/** Events of a grid. Listen with `grid.on(type, listener)`, which returns a function that removes the listener. */
export interface GridEvents {
  /** Anything in `state` changed. */
  change: GridState;
  /** The node entered a room, the room changed, or the node left it. */
  "room-change": RoomState | undefined;
  /** The peers of the room, or their offers, changed. */
  "peer-change": readonly PeerState[];
}

/** The models of this device. All tabs of the site share them. */
export interface Models {
  /** Lists all models that can be loaded, with their size and whether they fit this device. */
  list(): Promise<ModelInfo[]>;
  /**
   * Downloads missing files and loads the model. Call it before you ask for a model by name; resolves when the model can
   * answer. Aborting keeps the downloaded files if the browser can store them, and the next load continues there.
   *
   * ```js
   * await grid.models.load("guide", { onProgress: ({ text }) => console.log(text) });
   * ```
   */
  load(id: string, options?: LoadOptions): Promise<void>;
  /** Frees the model's memory. Its files stay on this device. */
  unload(id: string): Promise<void>;
  /** Unloads the model and deletes its files from this device. A model that was added also leaves the list. */
  remove(id: string): Promise<void>;
  /** Adds a model by hub name (`owner/name`), URL or files. Pass the `id` of the result to `load`. */
  add(source: string | URL | FileList): Promise<ModelInfo>;
}

/**
 * The room that this node is in. Use it to share this device, to invite, and to govern the room. After the node has left the
 * room, its methods throw.
 */
export interface Room extends TypedEventTarget<{ "peer-change": readonly PeerState[]; change: RoomState }> {
  readonly id: string;
  readonly name: string;
  /** A link that lets others in; empty if this node may not make invites. */
  readonly invite: string;
  /** The other nodes in the room, by id. */
  readonly peers: ReadonlyMap<string, PeerState>;
  /** Shares this device with the room, or changes how it is shared; `false` stops sharing. */
  share(options?: Partial<ShareOptions> | false): Promise<void>;
  /**
   * Links to a member without any server. Use it if no signaling server can be reached: bring `text` to the member (as text or
   * QR code), and pass its answer to `accept`. All other members are then reached through that member.
   */
  offerByHand(): Promise<{ readonly text: string; accept(answer: string): Promise<void> }>;
  /** The other side of `offerByHand`: takes an offer and returns the answer to bring back. */
  answerByHand(offer: string): Promise<string>;
  /** Makes an invite for `uses` devices (any number by default) until `endsAt` (30 days by default). */
  makeInvite(options?: InviteOptions): Promise<string>;
  /** Lets in somebody who knocks (`state.knocks`). */
  admit(did: string): Promise<void>;
  /** Turns away somebody who knocks. */
  decline(did: string): Promise<void>;
  /**
   * Removes members for good by starting a new epoch, whose secret they do not get, with all whom they let in
   * (`PeerState.admittedBy`) except those in `keep`. Only for founders.
   *
   *     await room.remove(peer.did, { keep: [friend.did] });
   */
  remove(dids: string | readonly string[], options?: { readonly keep?: readonly string[] }): Promise<void>;
  /** Changes the charter. Only for founders; further founders may have to sign the change. */
  amend(changes: Partial<CharterTerms>): Promise<void>;
  /** Refuses to hold layers for other members; `share({ layers: true })` agrees. Either applies in this room until changed. */
  declineLayers(): Promise<void>;
  /** Signs a proposed change (`state.proposals`) that needs more founders. */
  endorse(proposal: string): Promise<void>;
  /** Leaves the room. First lets others take over the layers that this device holds; with `now`, it does not wait for that. */
  leave(options?: { readonly now?: boolean }): Promise<void>;
}

/** Opens and enters rooms. A node is in one room at a time. */
export interface Rooms {
  /**
   * Creates a room and enters it. Its founder is this node's house if the house key is on this device, otherwise this node.
   *
   * ```js
   * const room = await grid.rooms.create({ name: "Kitchen table" });
   * await room.share();
   * console.log(room.invite);
   * ```
   */
  create(options: { name: string; charter?: CharterOptions }): Promise<Room>;
  /**
   * Joins a room. Calling it means consent to the room's charter, so show the result of `preview` and ask the user first.
   * Resolves as soon as the node starts to enter the room; `state.room.membership` shows the progress.
   *
   * ```js
   * const { charter, inside } = await grid.rooms.preview(invite);
   * if (confirm(`Join ${charter.name} with ${inside.length} others?`)) await grid.rooms.join(invite);
   * ```
   */
  join(invite: string | URL): Promise<Room>;
  /**
   * Returns the charter and the people inside. The node looks as a guest under a throw-away identity, so others learn only its
   * network address. Waits until somebody is there or `signal` aborts. Throws `peer-refused` if the invite has expired or is
   * used up.
   */
  preview(invite: string | URL, options?: { signal?: AbortSignal }): Promise<RoomPreview>;
  /** Lists the rooms that this node was in and can enter again without an invite. */
  kept(): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Enters one of the kept rooms again. Throws `bad-request` if there is no such room. */
  enter(id: string): Promise<Room>;
  /** Forgets a kept room: this node then needs an invite to come back. */
  forget(id: string): Promise<void>;
  /** Reads the invite in any text that holds its link, without contacting anybody. Throws `invite-malformed` or `invite-version`. */
  inspect(invite: string | URL): InviteInfo;
  /** The room that this node is in. */
  readonly current: Room | undefined;
}

/** A pipeline that this device has formed: one model that it runs together with other devices. */
export interface Pipeline {
  readonly id: string;
  readonly model: string;
  /** The current state; undefined once the pipeline is closed. */
  readonly state: PipelineState | undefined;
  /** Closes the pipeline and frees it on all devices. Running answers continue elsewhere if another provider can give them. */
  close(): Promise<void>;
}

/** Runs models over several devices of the room. Use it for a model that is too large for one device. */
export interface Pipelines {
  /**
   * Plans which device holds which layers of a model, and estimates the speed. It asks the `nodes` (peer ids, and `"self"` for
   * this device; by default everybody, starting with devices that give memory), which measure themselves. Then it chooses the
   * fastest, or as many as `stages` says. All of them download only the model's graph. If the model cannot run, `missing` says
   * why. Throws `unknown-model`, `unsupported-model` if the model cannot be split, `network`, and `bad-request` outside of
   * rooms.
   *
   * ```js
   * const plan = await grid.pipelines.plan("onnx-community/Qwen3-8B-ONNX");
   * if (plan.missing) console.log(plan.missing.text);
   * else await grid.pipelines.open(plan);
   * ```
   */
  plan(model: string, options?: PlanOptions & { signal?: AbortSignal }): Promise<PipelinePlan>;
  /**
   * Forms the pipeline of a plan: each device loads its layers. Resolves when the pipeline can answer. Throws `bad-request` if
   * the model already runs with the room, `stage-refused`, `peer-lost`, or the signal's reason.
   */
  open(plan: PipelinePlan, options?: { signal?: AbortSignal }): Promise<Pipeline>;
  /** Lists the running pipelines of this device. */
  list(): readonly Pipeline[];
}

/** The identity of this node, and the house that vouches for it. */
export interface Identity {
  /** The public name of this node's key. */
  readonly did: string;
  readonly name: string;
  /** Changes the name that peers see (1 to 40 characters). */
  rename(name: string): Promise<void>;
  /** The person or organisation that vouches for this node; undefined if there is none. */
  readonly house: HouseState | undefined;
  /**
   * Makes a house on this device, which then vouches for this node. Use it so that several devices of a person or organisation
   * belong together. Only the recovery phrase can restore the house, and it is returned only once: let the user write it down.
   *
   * ```js
   * const { phrase } = await grid.identity.createHouse("Ada");
   * ```
   */
  createHouse(name: string): Promise<{ readonly phrase: string }>;
  /** Restores a house on this device from its recovery phrase; the house then vouches for this node. */
  restoreHouse(name: string, phrase: string): Promise<void>;
  /** Vouches for another node. Pass the text of its `requestDelegation`, and give the result to its `adopt`. */
  delegate(request: string, terms: { label: string; scopes: readonly Scope[]; notAfter: Date }): Promise<string>;
  /** Returns the text with which another device of the house can vouch for this node. */
  requestDelegation(): string;
  /** Accepts the delegation that a device of the house has signed for this node. */
  adopt(delegation: string): Promise<void>;
  /** Stops vouching for a node. Rooms pass the revocation on. */
  revoke(subject: string): Promise<void>;
  /** Deletes the key of the house from this device. Its signatures stay valid. */
  forgetHouseKey(): Promise<void>;
  /** Leaves the house and deletes its key from this device. The node is then unverified. */
  leaveHouse(): Promise<void>;
  /**
   * Returns an encrypted file of the house alone. Needs the key of the house on this device. Throws `bad-request` if the
   * passphrase is shorter than `MIN_PASSPHRASE_CHARS`.
   */
  backupHouse(passphrase: string): Promise<Blob>;
  /**
   * Returns an encrypted file of all data of the user: house, rooms, conversations, settings. Use it to move to another
   * browser. Throws `bad-request` if the passphrase is shorter than `MIN_PASSPHRASE_CHARS`.
   */
  exportAll(passphrase: string): Promise<Blob>;
  /**
   * Reads a file of `backupHouse` or `exportAll`, and returns what it would change here. Changes nothing. Show it before
   * you call `restoreBackup`: somebody else may have made the file. Throws `bad-request` if the passphrase or file is wrong.
   */
  previewBackup(file: Blob, passphrase: string): Promise<readonly BackupChange[]>;
  /**
   * Restores a file of `backupHouse` or `exportAll`: the changes that `accept` names, or all that need no consent. Throws
   * `bad-request`, and changes nothing, if the passphrase or file is wrong.
   */
  restoreBackup(file: Blob, passphrase: string, options?: RestoreOptions): Promise<void>;
}

/** The changes to make when a backup is restored. */
export interface RestoreOptions {
  /** Ids of changes of `previewBackup`; without it, all that do not ask. */
  readonly accept?: readonly string[];
}

export type { BackupChange, Scope };

/**
 * A running grid. On the site's page it is `window.microgrid`; other code opens one with `Grid.open`. All pages of an
 * origin share one node, so they see the same models and the same room.
 */
export interface GridApi extends TypedEventTarget<GridEvents> {
  /** The whole state as one plain value, which is replaced on every change. Listen to `change` to follow it. */
  readonly state: GridState;
  readonly chat: { readonly completions: ChatCompletions };
  readonly embeddings: Embeddings;
  readonly models: Models;
  readonly rooms: Rooms;
  readonly pipelines: Pipelines;
  readonly identity: Identity;
  /** The policy that applies to requests of this page. */
  readonly policy: Policy;
  /** The stored conversations of this browser profile. */
  readonly conversations: ConversationStore;
  /** Changes the user's policy, for all pages of this origin. */
  setPolicy(patch: Partial<Policy>): Promise<void>;
  /** Changes the servers that this node uses, starting with the next room; undefined returns to the site's servers. */
  setNetwork(settings: Partial<NetworkSettings> | undefined): Promise<void>;
  /**
   * Streams one answer with its routes and token ids. Use it instead of `chat.completions` if you need those. The answer
   * continues elsewhere if its provider is lost. Leaving the loop or aborting the signal stops the work.
   *
   * ```js
   * const generation = { model: "guide", messages, sampling, maxTokens: 256 };
   * for await (const event of grid.answer({ generation })) {
   *   if (event.type === "token") console.log(event.text, event.ids);
   * }
   * ```
   */
  answer(request: AnswerRequest, options?: { signal?: AbortSignal }): AsyncIterable<AnswerEvent>;
  /**
   * Answers a request to OpenAI's HTTP API, whatever its host is, as a server would. Pass it as `fetch` to a client library, which
   * then uses the models of this grid. It needs no Service Worker and no network.
   *
   * ```js
   * const client = new OpenAI({ baseURL: "https://microgrid.invalid/v1", apiKey: "none", fetch: grid.fetch });
   * ```
   */
  readonly fetch: typeof globalThis.fetch;
  /** Removes a notice from the state. */
  dismissNotice(id: string): void;
  /** Closes the grid. If this tab runs the node, it leaves the room, and another tab takes over. */
  close(): Promise<void>;
}
