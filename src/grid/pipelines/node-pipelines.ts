/** The pipelines of a node: those that it runs, and what it holds for those of others. */
import { type Did, MicrogridError, randomId } from "../../core";
import { type Backend, type DeviceInfo, type EngineSupervisor, type Provider, preferredBackend } from "../../inference";
import type { ModelLibrary } from "../../models";
import { LinkSurvey } from "../../pipeline";
import type { RoomSession } from "../../room";
import type { StateStore } from "../node/state-store";
import type { AnswerRequest, HeldStage, LayersWish, PipelinePlan, PlanOptions } from "../types";
import { roomCapacity } from "./capacity";
import { LayerHost, type LayerTerms } from "./layer-host";
import { type Planned, Planner } from "./planner";
import { RunningPipeline } from "./running-pipeline";
import { SplitModels } from "./split-models";

/** A pipeline that nobody can repair is planned anew this often within a minute. */
const MAX_RENEWALS = 3;
const RENEWAL_WINDOW_MS = 60_000;
/** How long a device that leaves waits for others to take its layers, in ms. */
const HAND_OVER_MS = 20_000;
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
  /** What peers can be answered with, or what is held for them, has changed. */
  onChange(): void;
}

/** What there is as long as this node is inside a room. */
interface Inside {
  readonly session: RoomSession;
  readonly links: LinkSurvey;
  readonly host: LayerHost;
  readonly planner: Planner;
}

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
  #inside: Inside | undefined;
  #renewing = 0;
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

  /** True while one that was lost is on its way back. */
  get mayRecover(): boolean {
    return this.#renewing > 0;
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
    const traffic = session?.stages;
    if (this.#inside) this.#leave();
    if (!session || !traffic) return;
    const { self, device, supervisor, onChange } = this.#options;
    const links = new LinkSurvey(traffic);
    const terms = (): LayerTerms => ({
      givenBytes: this.#options.givenBytes(),
      forbids: (model, consumer) => forbids(session, model, consumer),
      nameOf: (did) => nameIn(session, did),
    });
    const common = { traffic, links, models: this.#models };
    this.#inside = {
      session,
      links,
      host: new LayerHost({ ...common, supervisor, backend: this.#backend, terms, onChange }),
      planner: new Planner({
        ...{ ...common, self, device },
        members: () => membersOf(session),
        nameOf: (did) => nameIn(session, did),
      }),
    };
  }

  /** Rejects as `Pipelines.plan` does. */
  async plan(model: string, wanted: PlanOptions, signal: AbortSignal): Promise<PipelinePlan> {
    const { session, planner } = this.#current();
    const forbidden = forbids(session, model, this.#options.self);
    if (forbidden !== undefined) throw new MicrogridError("bad-request", forbidden);
    const planned = await planner.plan(model, wanted, { signal });
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

  /** Lets others take over what is held here, as far as they can in a short time. */
  async handOver(): Promise<void> {
    if (!this.#inside || this.held.length === 0) return;
    await this.#inside.host.handOver({ signal: AbortSignal.timeout(HAND_OVER_MS) }).catch(() => undefined);
  }

  closeAll(): void {
    this.#leave();
  }

  #current(): Inside {
    if (this.#inside) return this.#inside;
    throw new MicrogridError(
      "bad-request",
      "Pipelines run in rooms: open or join one first, and wait until you are inside.",
    );
  }

  #leave(): void {
    for (const id of [...this.#entries.keys()]) this.close(id);
    this.#planned.clear();
    this.#inside?.host.close("It has left the room.");
    this.#inside?.links.close();
    this.#inside = undefined;
  }

  #running(id: string, planned: Planned): RunningPipeline {
    const { session, planner } = this.#current();
    const { self, supervisor } = this.#options;
    const { plan, model } = planned;
    const traffic = session.stages;
    if (!traffic) throw new MicrogridError("bad-request", "This device is not in the room yet.");
    return new RunningPipeline(
      id,
      {
        ...{ traffic, self, supervisor, backend: this.#backend, model, plan },
        nameOf: (did) => nameIn(session, did),
        replace: (range, not) => planner.replace(planned, range, not),
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
    this.#renewing++;
    void this.#renew(id, entry, error).finally(() => this.#renewing--);
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

/** Members that could be asked, those who gave memory first. */
function membersOf({ peers }: RoomSession): Did[] {
  const gives = ({ heartbeat }: RoomSession["peers"][number]): number => heartbeat?.layersBytes ?? 0;
  return [...peers].sort((a, b) => gives(b) - gives(a)).map(({ id }) => id);
}

function nameIn({ peers }: RoomSession, did: Did): string {
  return peers.find(({ id }) => id === did)?.name ?? "a device that is gone";
}

/** Why the room's charter does not let a model run in parts for a member; undefined where it does. */
function forbids({ charter, peers }: RoomSession, model: string, consumer: Did): string | undefined {
  if (!charter) return "This device is not in the room yet.";
  const { models, contribution } = charter.terms;
  if (models !== "any" && !models.includes(model)) return "The room's charter does not allow this model.";
  const peer = peers.find(({ id }) => id === consumer);
  if (contribution === "expected" && peer && !peer.heartbeat?.sharing) {
    return "The room's charter expects whoever asks to share a device as well.";
  }
  return undefined;
}

/** Which plan it is, and that nobody has changed it. */
function keyOf(plan: PipelinePlan): string {
  return JSON.stringify(plan);
}
