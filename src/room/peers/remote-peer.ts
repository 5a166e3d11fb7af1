/** Another node of the room as a provider: what it offers, how loaded it is, and the way to ask it. */
import { type Did, MicrogridError } from "../../core";
import {
  type Embedded,
  type EmbeddingRequest,
  type Estimate,
  type GenerationEvent,
  type GenerationRequest,
  type ModelOffer,
  type Provider,
  type WorkRequest,
  estimateWork,
} from "../../inference";
import { MAX_JOBS_PER_PEER } from "../constants";
import { JobClient } from "../jobs/client";
import { JobLostError } from "../jobs/lost";
import { JobRefusedError, type PeerLoad } from "../jobs/refused";
import type { Standing } from "../membership";
import type { Member } from "../links/member";
import type { Card } from "../gossip";
import type { RoomFrameBody } from "../protocol";

/** Time after which nobody waits for an answer any more. */
const DEADLINE_MS = 10 * 60_000;

/** Roughly the time that it takes to make a link first: a few round trips, some of them through signaling. */
const DISTANT_MS = 500;

/** The way to a peer, and what the room knows of it. */
interface Reach {
  /** Makes a link, unless there is one. Throws `peer-lost` where that fails. */
  linkTo(did: Did, options: { signal: AbortSignal }): Promise<unknown>;
  /** The standing that it has proved, as far as that is known without a link. */
  standing(did: Did): Standing | undefined;
}

type Heartbeat = RoomFrameBody<"heartbeat">;

/** A peer that may answer. */
export class RemotePeer implements Provider {
  readonly id: Did;
  readonly kind = "peer";
  readonly #reach: Reach;
  #member: Member | undefined;
  /** Answers go on over the link over which they began, also where another one has taken its place. */
  readonly #clients = new Map<Member, JobClient>();
  readonly #allows: (model: string) => boolean;
  #heartbeat: Heartbeat | undefined;
  #offers: readonly ModelOffer[] = [];
  /** Answers that this node has asked for and that the peer's heartbeat may not count yet. */
  #asked = 0;

  /** `allows`: whether the room's charter lets a model answer. */
  constructor(id: Did, reach: Reach, allows: (model: string) => boolean) {
    this.id = id;
    this.#reach = reach;
    this.#allows = allows;
  }

  get name(): string {
    return this.#heartbeat?.name ?? "a device";
  }

  /** Its last heartbeat; undefined until one has come. */
  get heartbeat(): Heartbeat | undefined {
    return this.#heartbeat;
  }

  get rttMs(): number | undefined {
    return this.#member?.link.rttMs;
  }

  /** Whether there is a link to it; if there is none, one is made when it is asked for an answer. */
  get linked(): boolean {
    return this.#member !== undefined;
  }

  /** The standing that it has proved. */
  get standing(): Standing {
    return this.#member?.standing ?? this.#reach.standing(this.id) ?? unknown(this.id);
  }

  /** A link to it is up. */
  attach(member: Member): void {
    this.#member = member;
    this.#clients.set(member, new JobClient(member.link));
  }

  /** A link to it has ended. False where another one has taken its place. */
  detach(member: Member): boolean {
    this.#clients.delete(member);
    if (this.#member !== member) return false;
    this.#member = undefined;
    return true;
  }

  /** Takes what it says of itself to the whole room; what it says over a link is fresher. */
  introduce({ name, device, gpu, sharing, layersBytes, load, offers }: Card): void {
    if (this.#member && this.#heartbeat) return;
    this.update({ name, device, gpu, sharing, ...(layersBytes !== undefined && { layersBytes }), load, offers });
  }

  /** The jobs that this node has given to the peer over one of its links. */
  jobsOver(member: Member): JobClient | undefined {
    return this.#clients.get(member);
  }

  /** Takes what the peer says about itself. */
  update(heartbeat: Heartbeat): void {
    this.#heartbeat = heartbeat;
    this.#offers = heartbeat.offers.map(({ prefillRate, decodeRate, devices, ...offer }) => ({
      ...offer,
      prefillRate,
      decodeRate,
      ...(devices !== undefined && { devices }),
    }));
  }

  models(): readonly ModelOffer[] {
    return this.#heartbeat?.sharing ? this.#offers.filter(({ model }) => this.#allows(model)) : [];
  }

  estimate(request: WorkRequest): Estimate {
    const offer = this.models().find(({ model }) => model === request.model);
    if (!offer) return { firstTokenMs: Infinity, msPerToken: Infinity, price: 0, privacy: "room" };
    const load = this.#heartbeat?.load;
    const backlog = Math.max((load?.running ?? 0) + (load?.queued ?? 0), this.#asked);
    return estimateWork(request, {
      offer,
      backlog,
      rttMs: this.rttMs ?? (this.linked ? 0 : DISTANT_MS),
      privacy: "room",
    });
  }

  get #jobs(): JobClient | undefined {
    return this.#member && this.#clients.get(this.#member);
  }

  async *generate(request: GenerationRequest, options: { signal: AbortSignal }): AsyncGenerator<GenerationEvent> {
    using _ = this.#ask();
    try {
      const jobs = await this.#linked(options);
      yield* jobs.generate(request, { ...options, privacy: "room", deadlineMs: DEADLINE_MS });
    } catch (error) {
      this.#correct(error, request.model);
      throw error;
    }
  }

  async embed(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded> {
    using _ = this.#ask();
    try {
      const jobs = await this.#linked(options);
      return await jobs.embed(request, { ...options, privacy: "room", deadlineMs: DEADLINE_MS });
    } catch (error) {
      this.#correct(error, request.model);
      throw error;
    }
  }

  /** Counts a request until it is disposed of. */
  #ask(): Disposable {
    // More would only be refused, and a page that asks a thousand questions at once would look like a flood.
    const load = this.#heartbeat?.load;
    if (load && this.#asked >= MAX_JOBS_PER_PEER) throw new JobRefusedError("busy", load);
    this.#asked++;
    return { [Symbol.dispose]: () => void this.#asked-- };
  }

  /** The jobs over a link to it, which is made if there is none. */
  async #linked(options: { signal: AbortSignal }): Promise<JobClient> {
    if (!this.#jobs) await this.#reach.linkTo(this.id, options).catch(unreachable);
    // The link may have gone again while this was waiting for it.
    if (!this.#jobs) throw new JobLostError("disconnected", "The device that should answer is gone.");
    return this.#jobs;
  }

  /** The words of a peer that does not answer are fresher than its last heartbeat, and correct it. */
  #correct(error: unknown, model: string): void {
    const heartbeat = this.#heartbeat;
    const news = newsOf(error);
    if (!heartbeat || !news) return;
    const { load = heartbeat.load, noModel, paused } = news;
    this.update({
      ...heartbeat,
      load,
      sharing: heartbeat.sharing && !paused,
      offers: noModel ? heartbeat.offers.filter((offer) => offer.model !== model) : heartbeat.offers,
    });
  }
}

/** News of a peer from a job that it refused or lost. */
interface News {
  readonly load?: PeerLoad;
  /** It does not have the model ready any more. */
  readonly noModel: boolean;
  /** It answers nobody at present. */
  readonly paused: boolean;
}

function newsOf(error: unknown): News | undefined {
  if (error instanceof JobRefusedError) {
    const { reason, load } = error;
    return {
      load: reason === "busy" ? { ...load, queued: Math.max(load.queued, 1) } : load,
      noModel: reason === "unknown-model",
      paused: reason === "policy" || reason === "draining",
    };
  }
  return error instanceof JobLostError
    ? { noModel: error.loss === "unloaded", paused: error.loss === "paused" }
    : undefined;
}

function unreachable(error: unknown): never {
  if (error instanceof MicrogridError) throw new JobLostError("unreachable", error.message);
  throw error;
}

/** The standing of a node that has proved nothing yet. */
function unknown(did: Did): Standing {
  return { founder: false, house: undefined, admittedBy: [], branch: did, until: Infinity };
}
