/** Measures the links of this node: the round trip to a member, and the throughput towards it. */
import { type Did, MicrogridError, deferred, onAbort, randomId } from "../../core";
import type { PlanLink } from "../plan";
import type { StageLanes } from "../../room";

/** Size of the probe for throughput: small enough for slow links, and large enough to measure fast ones. */
const PROBE_BYTES = 128 * 2 ** 10;
/** Number of small probes before it. The fastest counts, since the others had to wait for something. */
const SMALL_PROBES = 3;
/** How long a measurement is valid, in ms. Links change, but probing all the time would be a burden. */
const KEPT_MS = 300_000;
/** A link that takes longer than this for one probe is of no use, in ms. */
const TIMEOUT_MS = 10_000;
/** The smallest difference that browser clocks can measure, in ms. */
const LEAST_MS = 0.1;

/** The links of one node in one room. It also answers the probes of others. */
export class LinkSurvey {
  readonly #traffic: StageLanes;
  readonly #waiting = new Map<string, { readonly of: Did; resolve(): void; give(): void }>();
  readonly #measured = new Map<Did, { readonly at: number; readonly link: Promise<PlanLink> }>();
  readonly #stop: (() => void)[];

  constructor(traffic: StageLanes) {
    this.#traffic = traffic;
    this.#stop = [
      traffic.handle({
        "stage.probe": ({ probe }, from) => traffic.post(from, "stage.echo", { probe }),
        "stage.echo": ({ probe }, from) => {
          const waiting = this.#waiting.get(probe);
          if (waiting?.of === from) waiting.resolve();
        },
      }),
      traffic.on("gone", ({ did }) => {
        for (const { of, give } of this.#waiting.values()) if (of === did) give();
      }),
    ];
  }

  /** Rejects with `peer-lost` if a member cannot be reached or does not answer. */
  measure(did: Did): Promise<PlanLink> {
    const known = this.#measured.get(did);
    if (known && performance.now() - known.at < KEPT_MS) return known.link;
    const link = this.#measure(did);
    this.#measured.set(did, { at: performance.now(), link });
    link.catch(() => this.#measured.delete(did));
    return link;
  }

  close(): void {
    for (const stop of this.#stop) stop();
    for (const { give } of this.#waiting.values()) give();
  }

  async #measure(did: Did): Promise<PlanLink> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const release = await this.#traffic.hold(did, { signal });
    try {
      let rttMs = Infinity;
      for (let count = 0; count < SMALL_PROBES; count++) rttMs = Math.min(rttMs, await this.#probe(did, 1, signal));
      const ms = await this.#probe(did, PROBE_BYTES, signal);
      return { rttMs, bytesPerSecond: (1000 * PROBE_BYTES) / Math.max(LEAST_MS, ms - rttMs) };
    } finally {
      release();
    }
  }

  /** Time until this many bytes have arrived and the answer is back, in ms. */
  async #probe(did: Did, bytes: number, signal: AbortSignal): Promise<number> {
    const probe = randomId(8);
    const { promise, resolve, reject } = deferred<undefined>();
    const give = (): void => reject(new MicrogridError("peer-lost", "A device of the room does not answer."));
    using _ = onAbort(signal, give);
    this.#waiting.set(probe, { of: did, resolve: () => resolve(undefined), give });
    try {
      const start = performance.now();
      await this.#traffic.send(did, "stage.probe", { probe, payload: new Uint8Array(bytes) });
      await promise;
      return performance.now() - start;
    } finally {
      this.#waiting.delete(probe);
    }
  }
}
