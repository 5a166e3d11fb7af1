/** A grid without models or network, for looking at the UI during development. Never part of the product. */
import { MicrogridError, TypedEventTarget, isAbort } from "../../core";
import type { GridApi, GridEvents, Identity, Models, Pipelines, Rooms } from "../../grid/contract";
import { ConversationStore } from "../../grid/conversations";
import type {
  AnswerEvent,
  AnswerRequest,
  ChatCompletions,
  Embeddings,
  GridState,
  NetworkSettings,
  Policy,
} from "../../grid";
import type { ModelOffer } from "../../inference";
import { type FakeBorder, asked, pause } from "./border";
import { FakeIdentity } from "./fake-identity";
import { FakePipelines, fakePipeline } from "./fake-pipelines";
import { FakeRooms } from "./fake-rooms";
import { fakeNetwork, fakeState, longAnswer } from "./fixtures";
import { fakeModels, guideOffer } from "./model-fixtures";

/** Options in the address of the development page, such as `?room&slow&notices`. */
interface FakeOptions {
  readonly room: boolean;
  readonly loading: boolean;
  readonly notices: boolean;
  readonly fail: boolean;
  readonly house: boolean;
}

export class FakeGrid extends TypedEventTarget<GridEvents> implements GridApi {
  readonly conversations: ConversationStore;
  readonly models: Models;
  readonly rooms: Rooms;
  readonly pipelines: Pipelines;
  readonly chat = { completions: undefined as unknown as ChatCompletions };
  readonly embeddings = undefined as unknown as Embeddings;
  readonly identity: Identity;
  readonly fetch = (): Promise<Response> => Promise.resolve(new Response(null, { status: 503 }));
  readonly #rooms: FakeRooms;
  state: GridState;
  readonly #options: FakeOptions;

  private constructor(conversations: ConversationStore, options: FakeOptions) {
    super();
    this.conversations = conversations;
    this.#options = options;
    this.state = fakeState(options);
    const state = (): GridState => this.state;
    this.models = {
      list: () => Promise.resolve([...this.state.models]),
      load: (id, load) => this.#load(id, load?.signal),
      unload: (id) => {
        const { [id]: _, ...loads } = this.state.loads;
        return this.#set({ loads });
      },
      remove: (id) =>
        this.#set({
          models: this.state.models.map((model) => (model.id === id ? { ...model, stored: "no" as const } : model)),
        }),
      add: async (source) => {
        await pause(600);
        if (typeof source !== "string" || !source.includes("/")) {
          throw new MicrogridError(
            "not-a-model",
            "There is no model at that address: config.json is missing. Check the name and try again.",
          );
        }
        const model = { ...fakeModels[5]!, id: source, name: source, source: "added" as const, origin: source };
        await this.#set({ models: [model, ...this.state.models] });
        return model;
      },
    };
    const border: FakeBorder = { state, set: (patch) => this.#set(patch) };
    this.#rooms = new FakeRooms(border);
    this.rooms = this.#rooms;
    this.pipelines = new FakePipelines(border);
    this.identity = new FakeIdentity(border);
    if (options.room) void this.#rooms.open();
    const large = this.state.models[1];
    if (asked("formed") && large) void this.#set({ pipelines: [fakePipeline(large.id, large.name)] });
    if (options.loading) void this.#load("guide");
  }

  static async open(options: FakeOptions): Promise<FakeGrid> {
    return new FakeGrid(await ConversationStore.open({ name: "fake-conversations" }), options);
  }

  get policy(): Policy {
    return this.state.policy;
  }

  setPolicy(patch: Partial<Policy>): Promise<void> {
    return this.#set({ policy: { ...this.state.policy, ...patch } });
  }

  async *answer(
    { generation }: AnswerRequest,
    { signal = new AbortController().signal } = {},
  ): AsyncIterable<AnswerEvent> {
    const peer = this.state.room?.peers[0];
    const question = generation.messages.at(-1)?.content ?? "";
    const pipeline = this.state.pipelines.find(({ model }) => model === generation.model);
    const provider = pipeline
      ? { id: pipeline.id, kind: "pipeline" as const, name: `${pipeline.stages.length} devices together` }
      : peer
        ? { id: peer.id, kind: "peer" as const, name: peer.name }
        : { id: "self", kind: "local" as const, name: "This device" };
    const why = peer
      ? [
          `${peer.name} answers soonest: 0.2 s to the first token, 48 tokens/s.`,
          "This device would need 1.4 s to the first token, 9 tokens/s.",
        ]
      : [
          "The model is loaded here, and nobody else has to see the chat.",
          "You are in no room, so nobody else could answer.",
        ];
    const offer: ModelOffer = { ...guideOffer, model: generation.model };
    yield { type: "route", route: { provider, why, attempt: 1, offer, exact: true } };
    if (question.includes("queue")) {
      yield { type: "queued", position: 2, etaMs: 4200 };
      await pause(60_000, signal);
    }
    await pause(250, signal);
    if (this.#options.fail || question.includes("fail")) {
      throw new MicrogridError(
        "device-lost",
        "The GPU was reset by the system while answering. Try again, or choose a smaller model.",
      );
    }
    const done = generation.resume?.text ?? "";
    const words = longAnswer.slice(longAnswer.startsWith(done) ? done.length : 0).match(/\S+\s*|\s+/g) ?? [];
    let moved = false;
    for (const [index, text] of words.entries()) {
      await pause(12, signal);
      if (peer && index > words.length / 2 && !moved && question.includes("move")) {
        moved = true;
        const self = { id: "self", kind: "local" as const, name: "This device" };
        yield {
          type: "route",
          route: {
            provider: self,
            why: [`${peer.name} left in the middle of the answer; it goes on here.`],
            attempt: 2,
            offer,
            exact: false,
          },
        };
      }
      yield { type: "token", text, ids: [index] };
    }
    yield {
      type: "done",
      finishReason: "stop",
      usage: {
        promptTokens: 20,
        completionTokens: words.length,
        cachedTokens: 0,
        prefillMs: 40,
        decodeMs: words.length * 14,
      },
      summary: {
        provider,
        route: why,
        attempts: moved ? 2 : 1,
        timings: { queueMs: 0, firstTokenMs: 264, totalMs: 4000 },
      },
    };
  }

  setNetwork(settings: Partial<NetworkSettings> | undefined): Promise<void> {
    return this.#set({ network: settings ? { ...this.state.network, ...settings } : fakeNetwork });
  }

  dismissNotice(id: string): void {
    void this.#set({ notices: this.state.notices.filter((notice) => notice.id !== id) });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #load(id: string, signal?: AbortSignal): Promise<void> {
    const totalBytes = 812_000_000;
    try {
      for (let step = 1; step <= 40; step += 1) {
        await pause(location.search.includes("stuck") && step > 14 ? 1e8 : 150, signal);
        const loadedBytes = (totalBytes * step) / 40;
        const progress = {
          phase: "download" as const,
          loadedBytes,
          totalBytes,
          bytesPerSecond: 135_000_000,
          etaMs: (totalBytes - loadedBytes) / 135_000,
          text: "Downloading the model",
        };
        await this.#set({ loads: { ...this.state.loads, [id]: { kind: "loading", progress } } });
      }
      await this.#set({ loads: { ...this.state.loads, [id]: { kind: "ready", offer: { ...guideOffer, model: id } } } });
    } catch (error) {
      const { [id]: _, ...loads } = this.state.loads;
      await this.#set({ loads });
      if (!isAbort(error)) throw error;
    }
  }

  #set(patch: Partial<GridState>): Promise<void> {
    this.state = { ...this.state, ...patch };
    this.emit("change", this.state);
    return Promise.resolve();
  }
}
