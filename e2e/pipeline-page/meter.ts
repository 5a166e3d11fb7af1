/** Measures a pipeline from inside a page: trips around the ring, ends, stages, links and repairs. */
import { type Did, randomId } from "../../src/core";
import type { HiddenState, StageForward, StageService } from "../../src/inference";
import type { StageLanes } from "../../src/room";

/** Probes that may go to one node at once, and how long each further one waits, ms: below what `stage.probe` allows. */
const PROBES_AT_ONCE = 12;
const PROBE_EVERY_MS = 1_100;

/** Measurements of a consumer's page since `reset`. All times in ms. */
export interface RingReading {
  /** One token through all layers of a stage, by node, as the stages measured it when they were loaded. */
  readonly decodeMs: Readonly<Record<string, number>>;
  /** Each step that came back, from leaving this page to its return. */
  readonly trips: readonly { readonly tokens: number; readonly ms: number }[];
  /** Between two steps: head, sampling, embedding, and the way to the worker and back. */
  readonly endsMs: readonly number[];
  /** When this page learnt that a stage is gone, on `performance.now()`; undefined if none is. */
  readonly lostAt: number | undefined;
  /** Tokens that had left this page until then. */
  readonly lostTokens: number;
  /** When the last stage reported that it is in memory; undefined if none has. */
  readonly readyAt: number | undefined;
}

/** Measurements of a stage's page since `reset`. */
export interface StageReading {
  /** From the request for the stage until it is in memory. */
  readonly loadMs: number;
  /** Each step of one token: from its frame to what goes on, the way to the worker and back included. */
  readonly forwardMs: readonly number[];
}

/** Sits between the room, the ring and the stages of one page. */
export class Meter {
  readonly #decodeMs = new Map<string, number>();
  readonly #trips: { tokens: number; ms: number }[] = [];
  readonly #endsMs: number[] = [];
  readonly #forwardMs: number[] = [];
  readonly #echoes = new Map<string, () => void>();
  readonly #probes = new Map<Did, { readonly since: number; count: number }>();
  #tokens = 0;
  #backAt: number | undefined;
  #lostAt: number | undefined;
  #lostTokens = 0;
  #readyAt: number | undefined;
  #loadMs = 0;
  /** The input of the stage, for sequences that have not ended. */
  #kept: StageForward[] = [];
  #service: StageService | undefined;
  #traffic: StageLanes | undefined;

  /** Listens to a room: answers probes, and records the rates that stages report. */
  listen(traffic: StageLanes): void {
    this.#traffic = traffic;
    traffic.handle({
      "stage.probe": ({ probe }, from) => traffic.post(from, "stage.echo", { probe }),
      "stage.echo": ({ probe }) => this.#echoes.get(probe)?.(),
      "stage.ready": ({ decodeMs }, from) => {
        this.#decodeMs.set(from, decodeMs);
        this.#readyAt = performance.now();
      },
    });
    traffic.on("gone", () => {
      if (this.#lostAt === undefined) this.#lostTokens = this.#tokens;
      this.#lostAt ??= performance.now();
    });
  }

  /** Round trip to another node, ms: `bytes` there, an empty frame back, on the channel that stages use. */
  async probe(to: Did, bytes: number): Promise<number> {
    const sent = this.#probes.get(to) ?? { since: performance.now(), count: 0 };
    this.#probes.set(to, sent);
    const due = sent.since + (sent.count++ - PROBES_AT_ONCE) * PROBE_EVERY_MS;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const probe = randomId(8);
    const echo = new Promise<void>((resolve) => this.#echoes.set(probe, resolve));
    const start = performance.now();
    this.#traffic?.post(to, "stage.probe", { probe, payload: new Uint8Array(bytes) });
    await echo;
    this.#echoes.delete(probe);
    return performance.now() - start;
  }

  /** A ring whose steps are timed. */
  ring(ring: StageService): StageService {
    return {
      forward: async (step, options) => {
        const start = performance.now();
        if (this.#backAt !== undefined) this.#endsMs.push(start - this.#backAt);
        this.#tokens += step.count;
        const hidden = await ring.forward(step, options);
        this.#backAt = performance.now();
        this.#trips.push({ tokens: step.count, ms: this.#backAt - start });
        return hidden;
      },
      end: (sequence) => ring.end(sequence),
    };
  }

  /** Times the loading of a stage, and its steps. */
  async stage<T extends { readonly service: StageService }>(load: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const loaded = await load();
    this.#loadMs = performance.now() - start;
    this.#kept = [];
    this.#service = loaded.service;
    return { ...loaded, service: this.#timed(loaded.service) };
  }

  #timed(service: StageService): StageService {
    return {
      forward: async (step, options) => {
        const at = performance.now();
        this.#kept.push(copyOf(step));
        const hidden = await service.forward(step, options);
        if (step.count === 1) this.#forwardMs.push(performance.now() - at);
        return hidden;
      },
      end: (sequence) => {
        this.#kept = this.#kept.filter(({ sequence: of }) => of !== sequence);
        service.end(sequence);
      },
    };
  }

  /**
   * Computes once more, here and alone, the first `tokens` tokens that the stage of this page was given, as a new sequence,
   * all steps at once as in a repair. Gives how many steps these are and what they took, ms.
   */
  async replay(tokens: number): Promise<{ readonly steps: number; readonly ms: number }> {
    const service = this.#service;
    if (!service) throw new Error("This page holds no stage.");
    const sequence = randomId(8);
    const steps = this.#kept.filter(({ keep }) => keep < tokens);
    const { signal } = new AbortController();
    const given = steps.map((step) => ({ ...copyOf(step), sequence }));
    const start = performance.now();
    await Promise.all(given.map((step) => service.forward(step, { signal })));
    const ms = performance.now() - start;
    service.end(sequence);
    return { steps: steps.length, ms };
  }

  /** Forgets the times so far, but not the stage that is held. */
  reset(): void {
    for (const times of [this.#trips, this.#endsMs, this.#forwardMs]) times.length = 0;
    this.#tokens = 0;
    this.#backAt = undefined;
    this.#lostAt = undefined;
    this.#readyAt = undefined;
  }

  get ringReading(): RingReading {
    return {
      decodeMs: Object.fromEntries(this.#decodeMs),
      trips: this.#trips,
      endsMs: this.#endsMs,
      lostAt: this.#lostAt,
      lostTokens: this.#lostTokens,
      readyAt: this.#readyAt,
    };
  }

  get stageReading(): StageReading {
    return { loadMs: this.#loadMs, forwardMs: this.#forwardMs };
  }
}

/** A step whose bytes stay when those of the other are handed to a worker. */
function copyOf(step: StageForward): StageForward {
  const hidden: HiddenState = step.hidden.map((tensor) => ({ ...tensor, bytes: tensor.bytes.slice() }));
  return { ...step, hidden };
}
