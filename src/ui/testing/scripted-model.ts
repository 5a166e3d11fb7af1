/** A model that says what a test tells it to, for tests of conversations. */
import { vi } from "vitest";
import { AsyncQueue } from "../../core";
import type { AnswerEvent, GenerationRequest, Loss, ModelOffer, Route } from "../../grid";
import type { FindModel } from "../state/answers";

export const OFFER = {
  model: "guide",
  name: "Guide · demo",
  packageHash: "package",
  tokenizerHash: "tokenizer",
  engine: "onnx",
  backend: "wasm",
  contextLength: 1024,
} as ModelOffer;

const ROUTE: Route = {
  provider: { id: "p", kind: "peer", name: "Ben" },
  why: ["Ben is fast."],
  attempt: 1,
  offer: OFFER,
  exact: true,
};

const END: Extract<AnswerEvent, { type: "done" }> = {
  type: "done",
  finishReason: "stop",
  usage: { promptTokens: 3, completionTokens: 3, cachedTokens: 0, prefillMs: 1, decodeMs: 20 },
  summary: {
    provider: ROUTE.provider,
    route: ROUTE.why,
    attempts: 1,
    timings: { queueMs: 0, firstTokenMs: 1, totalMs: 21 },
  },
};

/** Give `find` to `Answers`. */
export class ScriptedModel {
  /** The requests so far. */
  readonly asked: GenerationRequest[] = [];
  /** The models that were wanted for them. */
  readonly wanted: (string | undefined)[] = [];
  #events = new AsyncQueue<AnswerEvent>();
  #nextId = 1;

  readonly find: FindModel = ({ signal, wanted }) => {
    signal.throwIfAborted();
    this.wanted.push(wanted);
    return Promise.resolve({ offer: OFFER, ask: (generation) => this.#answer(generation, signal) });
  };

  /** The question of the last request. */
  get question(): string | undefined {
    return this.asked.at(-1)?.messages.at(-1)?.content;
  }

  /** Delivers words, one token each. */
  async say(...words: string[]): Promise<void> {
    for (const text of words) void this.#events.push({ type: "token", text, ids: [this.#nextId++] });
    await settle();
  }

  /** Delivers thoughts, one token each. */
  async think(...words: string[]): Promise<void> {
    for (const text of words) void this.#events.push({ type: "reasoning", text, ids: [this.#nextId++] });
    await settle();
  }

  async lose(loss: Loss): Promise<void> {
    void this.#events.push({ type: "lost", loss });
    await settle();
  }

  /** Goes on with the same provider. */
  async reroute(): Promise<void> {
    void this.#events.push({ type: "route", route: ROUTE });
    await settle();
  }

  async end(finishReason: "stop" | "length" = "stop"): Promise<void> {
    void this.#events.push({ ...END, finishReason });
    this.#events.end();
    await settle();
  }

  async fail(error: Error): Promise<void> {
    this.#events.fail(error);
    await settle();
  }

  async *#answer(generation: GenerationRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    this.asked.push(generation);
    const events = new AsyncQueue<AnswerEvent>();
    this.#events = events;
    const abort = (): void => events.fail(signal.reason);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    yield { type: "route", route: ROUTE };
    yield* events;
  }
}

/** Lets everything happen that is ready to happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** Stands in for the parts of a browser that conversations use. */
export function stubBrowser(location: { hash: string } = { hash: "" }): void {
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => setTimeout(frame));
  vi.stubGlobal("location", location);
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible", hidden: false }));
}
