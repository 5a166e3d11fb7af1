/** Answers members that plan a pipeline: tells them what this node could do for a model. */
import { type Did, errorToData } from "../../core";
import { type StageLanes, type UnableReason, givingWay } from "../../room";
import type { StageSource } from "../run";
import type { LinkSurvey } from "./links";

/** The memory and speed that a node offers for a model. */
export interface Ability {
  /** Memory that the node offers, in bytes. */
  readonly memoryBytes: number;
  /** Time for one token through one layer, alone and in a prompt, in ms. */
  readonly decodeMs: number;
  readonly prefillMs: number;
}

/** The reason why a node does not help. */
export interface Inability {
  readonly why: UnableReason;
  readonly text: string;
}

/**
 * Decides what this node can do for a model. Rejects if it cannot find out. The signal aborts when the answer is no
 * longer wanted.
 */
export type Judge = (
  source: StageSource,
  consumer: Did,
  options: { readonly signal: AbortSignal },
) => Promise<Ability | Inability>;

/**
 * Maximum number of questions that are answered at once; each may read a graph and measure the device. Branches of the room share them:
 * the newest question of the largest one gives way to a smaller one.
 */
const MAX_ANSWERING = 4;

/** The answers of one node in one room. */
export class SurveyAnswers {
  readonly #traffic: StageLanes;
  readonly #links: LinkSurvey;
  readonly #judge: Judge;
  /** The questions that are being answered, by the member that asked: each member may ask one at a time. */
  readonly #asking = new Map<Did, { readonly ask: string; readonly stop: AbortController }>();
  readonly #stop: (() => void)[];

  constructor(traffic: StageLanes, links: LinkSurvey, judge: Judge) {
    this.#traffic = traffic;
    this.#links = links;
    this.#judge = judge;
    this.#stop = [
      traffic.handle({ "stage.ask": (body, from) => void this.#answer(from, body) }),
      traffic.on("gone", ({ did }) => this.#asking.get(did)?.stop.abort()),
    ];
  }

  close(): void {
    for (const stop of this.#stop) stop();
    for (const { stop } of this.#asking.values()) stop.abort();
  }

  async #answer(
    from: Did,
    { ask, among, ...source }: StageSource & { readonly ask: string; readonly among: readonly Did[] },
  ): Promise<void> {
    if (this.#asking.has(from) || !this.#makeRoom(from)) {
      this.#refuse(from, ask);
      return;
    }
    const stop = new AbortController();
    this.#asking.set(from, { ask, stop });
    const judged = await this.#judge(source, from, { signal: stop.signal })
      .catch((error: unknown): Inability => ({ why: "failed", text: errorToData(error).message }))
      .finally(() => this.#asking.get(from)?.stop === stop && this.#asking.delete(from));
    if (stop.signal.aborted) return;
    if ("why" in judged) {
      this.#traffic.post(from, "stage.unable", { ask, ...judged, text: judged.text.slice(0, 500) });
      return;
    }
    const measured = await Promise.allSettled(among.map(async (did) => ({ did, ...(await this.#links.measure(did)) })));
    const links = measured.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    this.#traffic.post(from, "stage.able", { ask, ...judged, links });
  }

  /** False where as many questions are being answered as may be, and none of them gives way. */
  #makeRoom(from: Did): boolean {
    if (this.#asking.size < MAX_ANSWERING) return true;
    const branchOf = (did: Did): Did => this.#traffic.branchOf(did);
    const out = givingWay(this.#asking, ([did]) => branchOf(did), branchOf(from)).at(-1);
    if (!out) return false;
    const [did, { ask, stop }] = out;
    this.#asking.delete(did);
    stop.abort();
    this.#refuse(did, ask);
    return true;
  }

  #refuse(did: Did, ask: string): void {
    this.#traffic.post(did, "stage.unable", { ask, why: "failed", text: "It is answering another question." });
  }
}
