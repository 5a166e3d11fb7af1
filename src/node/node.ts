/** The node itself: it owns the GPU worker, the models, the room and the state. It lives in the leading tab. */
import { MicrogridError, spawnWorker, unlessAborted } from "../core";
import { type Keep, type Signer, openKeep, openNodeKey } from "../identity";
import { EngineSupervisor, type Provider, decoders, probeDevice } from "../inference";
import { ModelLibrary } from "../models";
import type { NodeApi } from "./api";
import { NodeHouse } from "./house";
import { Experience, ExpectedLengths, type Seeker, answer, embed } from "./routing";
import type { AnswerEvent, AnswerRequest, GridState, Policy } from "./types";
import { type GridConfig, NO_SITE, readConfig } from "./config";
import { LocalProvider } from "./local-provider";
import { SharedProvider } from "./shared-provider";
import { NodePipelines, graphWorkers } from "./pipelines";
import { NodeModels } from "./models";
import { NodeNetwork } from "./network";
import { NodeRoom, countAnswer, roomOf, roomsOf } from "./room";
import { recallPreferences, recallSession, rememberSession } from "./session-memory";
import { nodeSettings } from "./settings";
import { ModelSpeeds } from "./speeds";
import { StateStore } from "./state-store";
import gpuWorkerUrl from "../../workers/gpu.ts?worker&url";
import storeWorkerUrl from "../../workers/store.ts?worker&url";

/** How a node is set up. */
export interface NodeOptions {
  /** Folder of the site, with a slash at its end; its configuration lies there. Undefined for pages of other people's sites. */
  readonly baseUrl: string | undefined;
  /** Replaces what the site's configuration file says. */
  readonly config?: Partial<GridConfig>;
  /** The page that invites lead to. */
  readonly pageUrl: string;
  /** True in a tab that takes over from another. */
  readonly takesOver: boolean;
}

/** The parts that a node is put together from. */
interface NodeParts {
  readonly pageUrl: string;
  readonly network: NodeNetwork;
  readonly signer: Signer;
  readonly keep: Keep;
  readonly library: ModelLibrary;
  readonly store: StateStore;
  readonly house: NodeHouse;
  readonly speeds: ModelSpeeds;
}

const DEFAULT_POLICY: Policy = { privacy: "room", prefer: "speed" };

/** A running node. */
export class GridNode {
  readonly store: StateStore;
  /** The calls that tabs can make. */
  readonly api: NodeApi;
  readonly #supervisor: EngineSupervisor;
  readonly #guests: EngineSupervisor;
  readonly #library: ModelLibrary;
  readonly #local: LocalProvider;
  readonly #models: NodeModels;
  readonly #pipelines: NodePipelines;
  readonly #room: NodeRoom;
  readonly #house: NodeHouse;
  readonly #network: NodeNetwork;
  readonly #lengths = new ExpectedLengths();
  readonly #experience = new Experience();
  readonly #stop = new AbortController();

  /** Starts the node; models that were in memory before a reload or a hand-over are on their way then. */
  static async start(options: NodeOptions): Promise<GridNode> {
    const [device, signer, { config, problem }] = await Promise.all([
      probeDevice(),
      openNodeKey(),
      options.baseUrl === undefined ? NO_SITE : readConfig(options.baseUrl),
    ]);
    const { name, policy, network: override } = recallPreferences();
    const network = new NodeNetwork(config, options.config ?? {}, override);
    const library = await ModelLibrary.open({
      decoders,
      baseUrl: options.baseUrl ?? document.baseURI,
      device,
      createStoreWorker: () => spawnWorker(storeWorkerUrl, "microgrid-store"),
      ...(network.hub && { hub: network.hub }),
    });
    const keep = await openKeep();
    const house = await NodeHouse.open({ did: signer.did, keep });
    const node = {
      did: signer.did,
      name: name ?? `${device.label.split(" ")[0] ?? "Device"} ${signer.did.slice(-4)}`,
      house: house.state,
    };
    const speeds = new ModelSpeeds(device);
    const initial: GridState = {
      role: "leader",
      node,
      network: network.settings,
      device,
      policy: { ...DEFAULT_POLICY, ...policy },
      models: [],
      loads: {},
      speeds: speeds.shown,
      room: undefined,
      returnTo: undefined,
      pipelines: [],
      graphs: {},
      notices: [],
    };
    const store = new StateStore(initial);
    if (problem !== undefined) store.notify({ id: "site-config", level: "warning", text: problem });
    const grid = new GridNode({ pageUrl: options.pageUrl, network, signer, keep, library, store, house, speeds });
    await house.start();
    grid.#resume(options.takesOver, grid.#models.tellCrash());
    return grid;
  }

  private constructor({ pageUrl, network, signer, keep, library, store, house, speeds }: NodeParts) {
    const { device } = store.state;
    this.store = store;
    this.#library = library;
    this.#supervisor = new EngineSupervisor({
      createWorker: () => spawnWorker(gpuWorkerUrl, "microgrid-gpu"),
    });
    this.#guests = new EngineSupervisor({
      createWorker: () => spawnWorker(gpuWorkerUrl, "microgrid-guests"),
    });
    this.#local = new LocalProvider({
      supervisor: this.#supervisor,
      speeds,
      onChange: () => this.#room.refresh(),
      onMeasured: () => store.patch({ speeds: speeds.shown }),
    });
    const onChange = (): void => {
      this.#remember();
      this.#room.refresh();
    };
    this.#models = new NodeModels({
      library,
      supervisor: this.#supervisor,
      local: this.#local,
      device,
      store,
      onChange,
    });
    this.#network = network;
    this.#house = house;
    house.on("change", () => store.patch({ node: { ...store.state.node, house: house.state } }));
    house.on("notice", (text) => store.notify({ id: "house", level: "warning", text }));
    this.#pipelines = new NodePipelines({
      self: signer.did,
      device,
      supervisor: this.#supervisor,
      guests: this.#guests,
      ...graphWorkers(),
      library,
      store,
      givenBytes: () => this.#room.givenBytes,
      localOffers: () => this.#local.models(),
      onChange,
    });
    this.#room = new NodeRoom({
      config: network,
      signer,
      house,
      keep,
      device,
      local: this.#local,
      own: new SharedProvider(() => this.#own, countAnswer),
      pipelines: this.#pipelines,
      store,
      pageUrl,
      onChange: () => this.#remember(),
    });
    this.api = this.#served(pageUrl);
  }

  /** All that can answer now: this device first. */
  get providers(): readonly Provider[] {
    return [...this.#own, ...(this.#room.session?.peers ?? [])];
  }

  /** Those that this node answers its room with as well. */
  get #own(): readonly Provider[] {
    return [this.#local, ...this.#pipelines.providers];
  }

  /** The parts of this node that the search for providers needs. */
  get #seeker(): Seeker {
    return {
      providers: () => this.providers,
      policy: () => this.store.state.policy,
      experience: this.#experience,
      mayRecover: () => this.#models.busy || this.#pipelines.mayRecover,
    };
  }

  /** Streams an answer from the best provider. */
  async *answer(request: AnswerRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    const joined = AbortSignal.any([signal, this.#stop.signal]);
    const expectedTokens = (generation: AnswerRequest["generation"]): number => this.#lengths.of(generation);
    const answerer = { ...this.#seeker, expectedTokens };
    let ownJobEnds = (): void => undefined;
    try {
      await unlessAborted(this.#pipelines.ensure(request, this.providers), joined);
      for await (const event of answer(request, answerer, joined)) {
        if (event.type === "route") {
          ownJobEnds();
          ownJobEnds = this.#local.countOwnJob(event.route.provider);
        }
        if (event.type === "done") {
          const before = request.generation.resume?.idsInText ?? 0;
          this.#lengths.learn(request.generation, before + event.usage.completionTokens);
        }
        yield event;
      }
    } finally {
      ownJobEnds();
    }
  }

  /** Ends everything at once; running answers fail with `leader-lost`, from which other tabs go on. */
  close(): void {
    this.#stop.abort(new MicrogridError("leader-lost", "The tab that runs the node has gone."));
    this.#room.close();
    this.#house.close();
    this.#supervisor.close();
    this.#guests.close();
    this.#library.close();
  }

  /** Fault injection for tests: destroys the GPU device as a driver crash would. */
  async simulateDeviceLoss(): Promise<boolean> {
    const lost = await Promise.all([this.#supervisor, this.#guests].map((each) => each.simulateDeviceLoss()));
    return lost.includes(true);
  }

  #served(pageUrl: string): NodeApi {
    const models = this.#models;
    const pipelines = this.#pipelines;
    return {
      models: {
        load: (id, choice, { signal }) => models.load(id, choice, signal),
        unload: (id) => models.unload(id),
        remove: (id) => models.remove(id),
        add: (source) => models.add(source),
      },
      embeddings: {
        create: (request, { signal }) => {
          const onPiece = (provider: Provider) => this.#local.countOwnJob(provider);
          return embed(request, { ...this.#seeker, onPiece }, AbortSignal.any([signal, this.#stop.signal]));
        },
      },
      rooms: roomsOf(this.#room),
      room: roomOf(this.#room, pageUrl),
      pipelines: {
        plan: (model, wanted, { signal }) => pipelines.plan(model, wanted, signal),
        open: (plan, { signal }) => pipelines.open(plan, signal),
        close: async (id) => pipelines.close(id),
      },
      house: this.#house,
      settings: nodeSettings({ store: this.store, network: this.#network, onRename: () => this.#room.refresh() }),
      answer: (request, { signal }) => this.answer(request, signal),
      watch: ({ signal }) => this.store.watch(signal),
      ping: async () => undefined,
    };
  }

  #resume(takesOver: boolean, crashed: string | undefined): void {
    const session = recallSession(takesOver);
    const { signal } = this.#stop;
    this.#pipelines.expect(session?.pipelines ?? []);
    const models = session?.models.filter(({ id }) => id !== crashed) ?? [];
    for (const { id, backend } of models) this.#models.load(id, { backend }, signal).catch(() => undefined);
    if (session?.room === undefined && session?.invite === undefined) return void this.#room.offerReturn();
    const { share, noLayers = false } = session;
    this.#room.resume(session).then(
      () => {
        if (share) this.#room.share(share);
        if (noLayers) this.#room.declineLayers();
        this.#pipelines.restore(signal);
      },
      (error: unknown) => {
        // The user has entered a room by another way meanwhile, or has left.
        if (error instanceof MicrogridError && error.code === "closed") return;
        const text = `The room could not be entered again: ${error instanceof Error ? error.message : String(error)}`;
        this.store.notify({ id: "rejoin", level: "warning", text });
      },
    );
  }

  #remember(): void {
    if (this.#stop.signal.aborted) return;
    rememberSession({
      ...this.#room.memory,
      share: this.#room.shared,
      models: this.#models.wanted,
      noLayers: this.#room.declinedLayers,
      pipelines: this.#pipelines.wanted,
    });
  }
}
