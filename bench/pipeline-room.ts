/** A room of bare pages: one asks, the others hold stages of the guide model for it. */
import type { Page } from "@playwright/test";
import type { RingReading, StageReading } from "../e2e/pipeline-page/meter";
import type { PipedAnswer, PipelinePage } from "../e2e/pipeline-page/main";
import type { Did } from "../src/core";
import type { ChatMessage } from "../src/inference";
import { type BarePage, BarePages } from "./bare-pages";
import type { Stage } from "./stage";

/** Layers of the guide model. */
const LAYERS = 6;

declare global {
  interface Window {
    pipeline: PipelinePage;
  }
}

/** How an answer is computed: by the pipeline, by the pipeline without guessing, or by the consumer's page alone. */
export type Way = Parameters<PipelinePage["answer"]>[1] & string;

/** A node that holds stages. */
export interface Member extends BarePage {
  readonly did: string;
}

interface RoomOptions {
  /** Members of a browser process of their own, which can be killed. */
  readonly ownProcess?: boolean;
  /** The connection settings of each page; if absent, pages connect within this machine. */
  readonly rtc?: () => Promise<RTCConfiguration>;
}

/** A room of pages that form pipelines, and the calls to measure them. */
export class PipelineRoom {
  readonly #pages: BarePages;
  readonly #options: RoomOptions;
  readonly #consumer: Page;
  readonly #invite: string;

  /** Founds a room in which nobody holds stages yet. */
  static async open(stage: Stage, options: RoomOptions = {}): Promise<PipelineRoom> {
    const pages = await BarePages.serve(stage, "pipeline-page", "pipeline");
    try {
      const { page } = await pages.open();
      const invite = await page.evaluate(([url, rtc]) => window.pipeline.found(url, rtc), [
        stage.signalingUrl,
        await options.rtc?.(),
      ] as const);
      return new PipelineRoom(pages, options, page, invite);
    } catch (error) {
      await pages.close();
      throw error;
    }
  }

  private constructor(pages: BarePages, options: RoomOptions, consumer: Page, invite: string) {
    this.#pages = pages;
    this.#options = options;
    this.#consumer = consumer;
    this.#invite = invite;
  }

  /** One more member, linked to the consumer and to `others`. */
  async add(others: readonly Member[]): Promise<Member> {
    const { ownProcess = false, rtc } = this.#options;
    const opened = await this.#pages.open({ ownProcess });
    const { page } = opened;
    await page.evaluate(([link, way]) => window.pipeline.join(link, way), [this.#invite, await rtc?.()] as const);
    const did = await page.evaluate(() => window.pipeline.did);
    const linked = [await this.#consumer.evaluate(() => window.pipeline.did), ...others.map((other) => other.did)];
    await page.waitForFunction((dids) => dids.every((each) => window.pipeline.peers().includes(each)), linked);
    return { ...opened, did };
  }

  /** Forms a pipeline with all layers at `members`, as even as it can be; `spares` may take over. */
  async form(members: readonly Member[], options: { readonly spares?: readonly Member[] } = {}): Promise<void> {
    const share = (index: number): number => Math.round((LAYERS * index) / members.length);
    const stages = members.map(({ did }, index) => [did, share(index), share(index + 1)] as const);
    const spare = (options.spares ?? []).map(({ did }) => did);
    await this.#consumer.evaluate(([which, rest]) => window.pipeline.form(which, { ...rest, plain: true }), [
      stages,
      { spare },
    ] as const);
  }

  /** Frees the pipeline. */
  dissolve(): Promise<void> {
    return this.#consumer.evaluate(() => window.pipeline.close());
  }

  /** Loads the model at the consumer, in one piece. */
  loadWhole(): Promise<void> {
    return this.#consumer.evaluate(() => window.pipeline.loadWhole());
  }

  /** Asks, and waits for the answer. Throws if there is none. */
  async ask(messages: readonly ChatMessage[], way: Way): Promise<PipedAnswer> {
    const answer = await this.#consumer.evaluate(([what, how]) => window.pipeline.answer(what, how), [
      messages,
      way,
    ] as const);
    if (answer.error) throw new Error(answer.error.message);
    return answer;
  }

  /** Waits until `count` tokens of an answer are there. */
  async hasTokens(count: number): Promise<void> {
    await this.#consumer.waitForFunction((tokens) => window.pipeline.progress >= tokens, count);
  }

  /** Tokens per second of `count` answers at once, from asking to the last token of all. */
  together(messages: readonly ChatMessage[], count: number): Promise<number> {
    return this.#consumer.evaluate(
      async ([what, answers]) => {
        const start = performance.now();
        const all = await Promise.all(Array.from({ length: answers }, () => window.pipeline.answer(what, "plain")));
        return (1000 * all.flatMap(({ ids }) => ids).length) / (performance.now() - start);
      },
      [messages, count] as const,
    );
  }

  /** Round trips of the ways from the consumer over `members` back to it, once each, ms. */
  async probeHops(members: readonly Member[], bytes: number): Promise<readonly number[]> {
    const self = await this.#consumer.evaluate(() => window.pipeline.did);
    const pages = [this.#consumer, ...members.map(({ page }) => page)];
    const next = [...members.map(({ did }) => did), self];
    const trips: number[] = [];
    for (const [index, page] of pages.entries()) {
      trips.push(
        await page.evaluate(([to, size]) => window.pipeline.meter.probe(to as Did, size), [
          next[index]!,
          bytes,
        ] as const),
      );
    }
    return trips;
  }

  /** Forgets all times that were taken. */
  async reset(members: readonly Member[]): Promise<void> {
    const pages = [this.#consumer, ...members.map(({ page }) => page)];
    await Promise.all(pages.map((page) => page.evaluate(() => window.pipeline.meter.reset())));
  }

  ring(): Promise<RingReading> {
    return this.#consumer.evaluate(() => window.pipeline.meter.ringReading);
  }

  close(): Promise<void> {
    return this.#pages.close();
  }
}

/** The measurements of a member's stage. */
export function stageReading({ page }: Member): Promise<StageReading> {
  return page.evaluate(() => window.pipeline.meter.stageReading);
}

/** Between the first and the last token. */
export function msPerToken({ ids, times }: PipedAnswer): number {
  return (times.at(-1)! - times[0]!) / (ids.length - 1);
}
