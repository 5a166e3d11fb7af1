/** The pipelines of a node: those that it runs, and what it holds for those of others. */
import { type Did, MicrogridError, randomId, sleep } from "../../core";
import {
  type Backend,
  type DeviceInfo,
  type EngineSupervisor,
  type ModelOffer,
  type Provider,
  preferredBackend,
} from "../../inference";
import type { ModelLibrary } from "../../models";
import type { RoomSession } from "../../room";
import type { StateStore } from "../node/state-store";
import type { AnswerRequest, HeldStage, LayersWish, PipelinePlan, PlanOptions } from "../types";
import { roomCapacity } from "./capacity";
import { InRoom } from "./in-room";
import type { Planned } from "./planner";
import { RunningPipeline } from "./running-pipeline";
import { SplitModels } from "./split-models";

/** A pipeline that nobody can repair is planned anew this often within a minute. */
const MAX_RENEWALS = 3;
const RENEWAL_WINDOW_MS = 60_000;
/** How long a device that leaves waits for others to take its layers, in ms. */
const HAND_OVER_MS = 20_000;
/** How long after a reload the room is waited for, and how often it is asked, in ms. */
const RESTORE_MS = 60_000;
const RESTORE_LOOK_MS = 2_000;
/** Plans that can still be opened. */
const MAX_PLANS = 8;
/** Many small changes of the state become one. */
const STATE_INTERVAL_MS = 100;

interface NodePipelinesOptions {
  readonly self: Did;
  readonly device: DeviceInfo;
  readonly supervisor: EngineSupervisor;
  readonly library: ModelLibrary;
  readonly store: StateStore;
  /** Memory that the user gives to layers, in bytes; undefined while it is not known whether layers are welcome. */
  givenBytes(): number | undefined;
  /** Whole models on this device. */
  localOffers(): readonly ModelOffer[];
  /** What peers can be answered with, or what is held for them, has changed. */
  onChange(): void;
}

/** What to plan again. */
export type WantedPipeline = PlanOptions & { readonly model: string };

/** A pipeline, and how it came about. */
interface Entry {
  readonly wanted: PlanOptions;
  running: RunningPipeline;
  renewals: number[];
}

export class NodePipelines {
  readonly #options: NodePipelinesOptions;
  readonly #backend: Backend;
  readonly #models: SplitModels;
  readonly #entries = new Map<string, Entry>();
  /** What is known of plans that were given out, so that they can be opened. */
  readonly #planned = new Map<string, { readonly planned: Planned; readonly wanted: PlanOptions }>();
  #inside: InRoom | undefined;
  /** Those that are waited for after a reload. */
  #restoring: readonly WantedPipeline[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NodePipelinesOptions) {
    const { library, supervisor, device } = options;
    this.#options = options;
    this.#backend = preferredBackend(device);
    this.#models = new SplitModels({ library, supervisor, backend: this.#backend });
    supervisor.on("lost", ({ reason, models }) => {
      for (const [id, { running }] of this.#entries) {
        if (models.includes(running.engineId)) this.#lost(id, new MicrogridError("worker-crashed", reason));
      }
    });
  }

  /** Those that can answer now. */
  get providers(): readonly Provider[] {
    return [...this.#entries.values()].flatMap(({ running }) => running.provider ?? []);
  }

  /** True while one is on its way: formed, planned anew after a loss, or opened again after a reload. */
  get mayRecover(): boolean {
    return this.#restoring.length > 0 || [...this.#entries.values()].some(({ running }) => !running.provider);
  }

  /** What `restore` needs to open them again. */
  get wanted(): readonly WantedPipeline[] {
    const open = [...this.#entries.values()].map(({ wanted, running }) => ({ model: running.plan.model, ...wanted }));
    return [...this.#restoring, ...open];
  }

  get held(): readonly HeldStage[] {
    return this.#inside?.host.held ?? [];
  }

  get wishes(): readonly LayersWish[] {
    return this.#inside?.host.wishes ?? [];
  }

  /** The node is in another room now, further inside of it, or in none. */
  follow(session: RoomSession | undefined): void {
    if (this.#inside?.session === session) return;
    const { stages: traffic, bulk } = session ?? {};
    if (this.#inside) this.#leave();
    if (!session || !traffic || !bulk) return;
    this.#inside = new InRoom(
      session,
      { traffic, bulk },
      {
        ...this.#options,
        modelsFor: (did) => [...this.#entries.values()].flatMap(({ running }) => running.modelFor(did) ?? []),
        backend: this.#backend,
        models: this.#models,
        givenBytes: () => this.#options.givenBytes(),
        onChange: () => this.#options.onChange(),
      },
    );
  }

  /** Rejects as `Pipelines.plan` does. */
  async plan(model: string, wanted: PlanOptions, signal: AbortSignal): Promise<PipelinePlan> {
    const inside = this.#current();
    const forbidden = inside.forbids(model, this.#options.self);
    if (forbidden !== undefined) throw new MicrogridError("bad-request", forbidden);
    const planned = await inside.planner.plan(model, wanted, { signal });
    this.#planned.set(keyOf(planned.plan), { planned, wanted });
    for (const oldest of [...this.#planned.keys()].slice(0, -MAX_PLANS)) this.#planned.delete(oldest);
    return planned.plan;
  }

  /** Rejects as `Pipelines.open` does. Resolves with its id. */
  async open(plan: PipelinePlan, signal: AbortSignal): Promise<string> {
    const found = this.#planned.get(keyOf(plan));
    if (plan.missing) throw new MicrogridError("bad-request", plan.missing.text);
    if (!found) {
      throw new MicrogridError(
        "bad-request",
        "This plan is of another room, or was changed. Plan again, then open it.",
      );
    }
    const id = randomId(8);
    const entry: Entry = { wanted: found.wanted, running: this.#running(id, found.planned), renewals: [] };
    this.#entries.set(id, entry);
    try {
      await entry.running.form({ signal });
      this.#show();
      return id;
    } catch (error) {
      this.#drop(id);
      throw error;
    }
  }

  close(id: string): void {
    this.#entries.get(id)?.running.close();
    this.#drop(id);
  }

  /**
   * Makes sure that a request that only a pipeline can answer finds one: where one is asked for, or where the model is
   * ready nowhere and too large for this device while the room could run it. Rejects as `plan` and `open` do.
   */
  async ensure(
    { generation, provider, policy }: AnswerRequest,
    others: readonly Provider[],
    signal: AbortSignal,
  ): Promise<void> {
    const { store } = this.#options;
    const { model } = generation;
    const offers = (each: Provider): boolean => each.models().some((offer) => offer.model === model);
    if (provider !== undefined && provider !== "pipeline") return;
    if (this.providers.some(offers) || (provider === undefined && others.some(offers))) return;
    const { state } = store;
    const info = state.models.find(({ id }) => id === model);
    const privacy = policy?.privacy ?? state.policy.privacy;
    if (!info || privacy === "device" || !this.#inside) return;
    const capacity = roomCapacity(state, info);
    const worthTrying = capacity !== undefined && capacity.helpers.length > 0 && capacity.missingBytes === 0;
    if (provider === undefined && (info.fit.fits || !worthTrying)) return;
    const opening = [...this.#entries.values()].find(({ running }) => running.plan.model === model);
    if (opening) return;
    const plan = await this.plan(model, {}, signal);
    if (plan.missing) throw new MicrogridError("no-provider", plan.missing.text);
    await this.open(plan, signal);
  }

  /** Holds nothing any more, once others have taken over what they can in a short time. `reason` is for the others. */
  async handOver(reason: string): Promise<void> {
    if (!this.#inside || this.held.length === 0) return;
    await this.#inside.host.handOver(reason, { signal: AbortSignal.timeout(HAND_OVER_MS) });
  }

  /** Opens pipelines as they were before a reload, once the room is there and those who helped are. */
  async restore(pipelines: readonly WantedPipeline[], signal: AbortSignal): Promise<void> {
    this.#restoring = pipelines;
    const patience = AbortSignal.any([signal, AbortSignal.timeout(RESTORE_MS)]);
    const restore = async (wanted: WantedPipeline): Promise<void> => {
      await this.#restore(wanted, patience).catch(() => undefined);
      this.#restoring = this.#restoring.filter((each) => each !== wanted);
    };
    await Promise.all(pipelines.map(restore));
  }

  #current(): InRoom {
    if (this.#inside) return this.#inside;
    throw new MicrogridError(
      "bad-request",
      "Pipelines run in rooms: open or join one first, and wait until you are inside.",
    );
  }

  #leave(): void {
    for (const id of [...this.#entries.keys()]) this.close(id);
    this.#planned.clear();
    this.#inside?.close();
    this.#inside = undefined;
  }

  #running(id: string, planned: Planned): RunningPipeline {
    const inside = this.#current();
    const { self, supervisor } = this.#options;
    const { plan, model } = planned;
    return new RunningPipeline(
      id,
      {
        ...{ traffic: inside.traffic, self, supervisor, backend: this.#backend, model, plan },
        nameOf: (did) => inside.nameOf(did),
        localOffers: () => this.#options.localOffers(),
        replace: (range, not) => inside.planner.replace(planned, range, not),
        onChange: () => this.#changed(),
      },
      (error) => this.#lost(id, error),
    );
  }

  /** A pipeline that answered has ended and cannot be repaired: plans it anew among all who are there, this device included. */
  #lost(id: string, error: Error): void {
    const entry = this.#entries.get(id);
    if (!entry?.running.provider) return; // It was still being formed: whoever forms it is told.
    entry.running.close(error);
    const now = performance.now();
    entry.renewals = [...entry.renewals.filter((at) => now - at < RENEWAL_WINDOW_MS), now];
    void this.#renew(id, entry, error);
  }

  async #renew(id: string, entry: Entry, lost: Error): Promise<void> {
    const { name, model } = entry.running.plan;
    try {
      if (entry.renewals.length > MAX_RENEWALS) throw lost;
      const { signal } = new AbortController();
      const { stages: _count, ...wanted } = entry.wanted;
      const planned = await this.#current().planner.plan(model, wanted, { signal });
      if (planned.plan.missing) throw new MicrogridError("no-provider", planned.plan.missing.text);
      entry.running = this.#running(id, planned);
      await entry.running.form({ signal });
    } catch (error) {
      if (this.#entries.get(id) !== entry) return; // Closed meanwhile.
      this.#drop(id);
      const why = error instanceof Error ? error.message : String(error);
      this.#options.store.notify({
        id: `pipeline-${model}`,
        level: "error",
        text: `${name} no longer runs with the room: ${why}`,
      });
    }
  }

  async #restore({ model, ...wanted }: WantedPipeline, signal: AbortSignal): Promise<void> {
    for (;;) {
      const plan = await this.plan(model, wanted, signal).catch(() => undefined);
      if (plan && !plan.missing) {
        await this.open(plan, signal);
        return;
      }
      await sleep(RESTORE_LOOK_MS, signal);
    }
  }

  #drop(id: string): void {
    this.#entries.delete(id);
    this.#show();
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => this.#show(), STATE_INTERVAL_MS);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.store.patch({ pipelines: [...this.#entries.values()].map(({ running }) => running.state) });
    this.#options.onChange();
  }
}

/** Which plan it is, and that nobody has changed it. */
function keyOf(plan: PipelinePlan): string {
  return JSON.stringify(plan);
}
