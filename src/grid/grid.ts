/** `Grid`: Microgrid's API in a page. It works the same in the tab that runs the node and in all other tabs. */
import { MicrogridError, TypedEventTarget } from "../core";
import { GenerationRequestSchema, type ModelOffer } from "../inference";
import { checkMemberships, endOfToken, inviteToUrl, keptRooms, parseInvite } from "../room";
import { conversationsPart, roomsPart, settingsPart } from "./backup";
import { type ChatCompletions, type Embeddings, chatCompletions, embeddingsOf, serveApi } from "../openai";
import type { GridApi, GridEvents, Identity, Models, Pipelines, Room, Rooms } from "./contract";
import { ConversationStore } from "./conversations";
import { fieldsOf } from "./fields";
import { GridIdentity } from "./views/identity";
import { checkFormat } from "./data-format";
import { holdRunning } from "./running";
import { GridModels } from "./views/models";
import { GridPipelines } from "./views/pipelines";
import { GridRoom } from "./views/room";
import { NodeConnection } from "./tabs/node-connection";
import {
  type AnswerEvent,
  type AnswerRequest,
  type Capabilities,
  Delivered,
  type EmbedRequest,
  type EmbedResult,
  type GridConfig,
  type GridState,
  type NetworkSettings,
  type Policy,
  checkArgument,
  followNode,
  isNodeLost,
} from "../node";

/** The signal of a call that nobody aborts. */
const NEVER = new AbortController().signal;

/** Options of `Grid.open`; everything has a default. */
export interface GridOptions {
  /**
   * URL of the folder of a Microgrid site, ending with a slash. Its `microgrid.config.json` names the servers, and invites lead
   * there. Default: none. Without a site, servers are those that are named here.
   */
  readonly baseUrl?: string;
  /** URL of the page that invites lead to. Default: `baseUrl`, or else this page. */
  readonly invitePage?: string;
  /** URLs of signaling servers, instead of the site's. Rooms need at least one. */
  readonly signaling?: readonly string[];
  /** ICE servers for links between peers, instead of the site's. Without any, only peers on the same network can meet. */
  readonly iceServers?: readonly RTCIceServer[];
  /** URL of the server that models come from, instead of the site's. Default: `https://huggingface.co`. */
  readonly hub?: string;
  /** A policy for this page only, which takes precedence over the user's setting. */
  readonly policy?: Partial<Policy>;
}

/**
 * A running grid, with all of Microgrid's API. A page needs only one, because all pages of an origin share one node. On the
 * site's own page it is `window.microgrid`.
 */
export class Grid extends TypedEventTarget<GridEvents> implements GridApi {
  readonly chat: { readonly completions: ChatCompletions };
  readonly embeddings: Embeddings;
  readonly models: Models;
  readonly rooms: Rooms;
  readonly pipelines: Pipelines;
  readonly conversations: ConversationStore;
  readonly identity: Identity;
  readonly #connection: NodeConnection;
  /** The node, in whichever tab it runs. */
  readonly #node: Capabilities;
  readonly #ownPolicy: Partial<Policy>;
  #state: GridState;
  #room: GridRoom | undefined;
  /** The page that invites lead to. */
  readonly #pageUrl: string;

  /**
   * Opens a grid: starts the node of this origin, or attaches to the tab that runs it. Throws if neither is possible. A page with
   * elements of Microgrid has a grid already: their property `grid`.
   *
   * ```ts
   * const grid = await Grid.open({ policy: { privacy: "device" } });
   * await grid.models.load("guide");
   * const messages = [{ role: "user" as const, content: "What is a microgrid?" }];
   * const answer = await grid.chat.completions.create({ model: "guide", messages });
   * console.log(answer.choices[0]?.message.content);
   * await grid.close();
   * ```
   */
  static async open(options: GridOptions = {}): Promise<Grid> {
    const { baseUrl, signaling, iceServers, hub } = options;
    const pageUrl = new URL(options.invitePage ?? baseUrl ?? location.href, document.baseURI).href;
    const config: Partial<GridConfig> = {
      ...(signaling && { signaling }),
      ...(iceServers && { rtc: { iceServers: [...iceServers] } }),
      ...(hub !== undefined && { hub }),
    };
    checkFormat();
    const connection = new NodeConnection({ baseUrl, pageUrl, config });
    try {
      const { state } = await connection.start();
      // Not before: a tab of another build may use the conversations, and they must not change their form under it.
      const [conversations] = await Promise.all([ConversationStore.open(), checkMemberships()]);
      return new Grid(connection, state, conversations, { pageUrl, policy: options.policy ?? {} });
    } catch (error) {
      // It must not come to lead the other tabs without a page that shows it.
      connection.close();
      throw error;
    }
  }

  private constructor(
    connection: NodeConnection,
    state: GridState,
    conversations: ConversationStore,
    { pageUrl, policy }: { readonly pageUrl: string; readonly policy: Partial<Policy> },
  ) {
    super();
    this.#connection = connection;
    this.#node = followNode(async () => (await connection.current()).api);
    this.#state = state;
    this.conversations = conversations;
    this.#ownPolicy = policy;
    this.#pageUrl = pageUrl;
    this.chat = { completions: chatCompletions((request, options) => this.answer(request, options)) };
    this.embeddings = embeddingsOf((request, options) => this.#embed(request, options));
    this.models = new GridModels({ node: this.#node.models, grid: this });
    this.rooms = this.#roomMethods();
    this.pipelines = new GridPipelines({
      node: this.#node.pipelines,
      state: () => this.#state,
    });
    this.identity = this.#identityOf(conversations);
    this.#updateRoom(undefined);
    connection.on("patch", (patch) => {
      const before = this.#state;
      this.#state = { ...before, ...patch };
      this.#updateRoom(before.room);
      this.emit("change", this.#state);
    });
  }

  get state(): GridState {
    return this.#state;
  }

  get policy(): Policy {
    return { ...this.#state.policy, ...this.#ownPolicy };
  }

  setPolicy(patch: Partial<Policy>): Promise<void> {
    return this.#node.settings.setPolicy(patch);
  }

  setNetwork(settings: Partial<NetworkSettings> | undefined): Promise<void> {
    return this.#node.settings.setNetwork(settings);
  }

  /** Bound, so that client libraries can be given it as it is. */
  readonly fetch: typeof globalThis.fetch = (input, init) =>
    serveApi(
      {
        state: () => this.#state,
        answer: (request, options) => this.answer(request, options),
        embed: (request, options) => this.#embed(request, options),
        load: (id, options) => this.models.load(id, options),
      },
      new Request(input, init),
    );

  /**
   * Streams an answer. It continues elsewhere if its provider, or the tab that runs the node, is lost.
   * Throws `no-provider`, `context-exceeded`, `bad-request`, or the signal's reason.
   */
  async *answer(request: AnswerRequest, options: { signal?: AbortSignal } = {}): AsyncGenerator<AnswerEvent> {
    checkArgument(GenerationRequestSchema, fieldsOf(request, "grid.answer").generation, "grid.answer");
    // Leaving the loop must stop the work, whichever tab runs the node.
    const left = new AbortController();
    const { signal: stop } = fieldsOf(options, "grid.answer");
    const signal = stop ? AbortSignal.any([stop, left.signal]) : left.signal;
    const delivered = new Delivered(request.generation.resume);
    const policy = { ...this.#ownPolicy, ...request.policy };
    let offer: ModelOffer | undefined;
    const ended = holdRunning();
    try {
      for (;;) {
        signal.throwIfAborted();
        const { api } = await this.#connection.current();
        const { resume } = delivered;
        const generation = resume ? { ...request.generation, resume } : request.generation;
        try {
          for await (const event of api.answer({ ...request, policy, generation }, { signal })) {
            if (event.type === "route") offer = event.route.offer;
            if ((event.type === "token" || event.type === "reasoning") && offer) delivered.add(event, offer);
            yield event;
            if (event.type === "done") return;
          }
        } catch (error) {
          if (!isNodeLost(error)) throw error;
          if (offer) yield { type: "lost", loss: "tab" };
        }
      }
    } finally {
      left.abort();
      ended();
    }
  }

  dismissNotice(id: string): void {
    void this.#node.settings.dismissNotice(id).catch(() => undefined);
  }

  /** Closes the grid. If this tab runs the node, it leaves the room, and another tab takes over. */
  async close(): Promise<void> {
    this.#connection.close();
    await Promise.resolve();
  }

  /** Fault injection for tests: destroys the GPU device of the node in this tab, as a driver crash would. */
  async simulateDeviceLoss(): Promise<boolean> {
    return (await this.#connection.local?.simulateDeviceLoss()) ?? false;
  }

  #embed(request: EmbedRequest, options: { signal?: AbortSignal }): Promise<EmbedResult> {
    const { signal = NEVER } = fieldsOf(options, "embeddings.create");
    return this.#node.embeddings.create({ ...request, policy: { ...this.#ownPolicy, ...request.policy } }, { signal });
  }

  #identityOf(conversations: ConversationStore): Identity {
    const state = (): GridState => this.#state;
    // In the order in which they are restored: rooms need the house.
    const parts = [conversationsPart(conversations), settingsPart(this.#node, state), roomsPart];
    return new GridIdentity({ node: this.#node, state, parts });
  }

  #roomMethods(): Rooms {
    const { rooms } = this.#node;
    const entered = async (): Promise<Room> => {
      if (!this.#room) throw new MicrogridError("internal", "The room was entered but is not there.");
      return Promise.resolve(this.#room);
    };
    const current = (): Room | undefined => this.#room;
    return {
      create: async (options) => {
        const { name, charter = {} } = fieldsOf(options, "rooms.create");
        return rooms.create(name!, charter).then(entered);
      },
      join: async (invite) => {
        parseInvite(invite);
        return rooms.join(String(invite)).then(entered);
      },
      preview: async (invite, options) => {
        const { signal = NEVER } = fieldsOf(options, "rooms.preview");
        return rooms.preview(String(invite), { signal });
      },
      kept: () => keptRooms(),
      enter: async (id) => rooms.enter(id).then(entered),
      forget: (id) => rooms.forget(id),
      inspect: (invite) => {
        const parsed = parseInvite(invite);
        const { roomId, name, servers, token } = parsed;
        return { roomId, name, servers, ends: endOfToken(token.signed), link: inviteToUrl(parsed, this.#pageUrl) };
      },
      get current() {
        return current();
      },
    };
  }

  #updateRoom(before: GridState["room"]): void {
    const { room } = this.#state;
    if (room === before && this.#room?.id === room?.id) return;
    if (room?.id !== this.#room?.id) {
      this.#room?.close();
      this.#room = room && new GridRoom(room, this.#node.room);
    } else if (room) this.#room?.update(room);
    this.emit("room-change", room);
    if (room?.peers !== before?.peers) this.emit("peer-change", room?.peers ?? []);
  }
}
