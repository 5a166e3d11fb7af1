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
  GridState,
  InviteInfo,
  LoadOptions,
  ModelInfo,
  PeerState,
  Policy,
  RoomState,
  ShareOptions,
} from "./types";

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
  leave(): Promise<void>;
}

export interface Rooms {
  create(options: { name: string }): Promise<Room>;
  /** Joins; calling it in code is consent. The page asks first. */
  join(invite: string | URL): Promise<Room>;
  /** Parses an invite without contacting anybody. Throws `invite-malformed` or `invite-version`. */
  inspect(invite: string | URL): InviteInfo;
  readonly current: Room | undefined;
}

export interface Identity {
  readonly did: string;
  readonly name: string;
  /** Changes the name that peers see, 1 to 40 characters. */
  rename(name: string): Promise<void>;
}

export interface GridApi extends TypedEventTarget<GridEvents> {
  readonly state: GridState;
  readonly chat: { readonly completions: ChatCompletions };
  readonly models: Models;
  readonly rooms: Rooms;
  readonly identity: Identity;
  readonly policy: Policy;
  readonly conversations: ConversationStore;
  setPolicy(patch: Partial<Policy>): Promise<void>;
  /** Streams one answer with its routes; `chat.completions` is made of this. Leaving the loop stops the work. */
  answer(request: AnswerRequest, options?: { signal?: AbortSignal }): AsyncIterable<AnswerEvent>;
  dismissNotice(id: string): void;
  close(): Promise<void>;
}
