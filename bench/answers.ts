/** Answers with the moment of each token: through a page's grid, and straight from the engine in its worker. */
import type { Page, Worker } from "@playwright/test";
import type { AnswerRequest, GenerationRequest, Usage } from "../src/grid";
import type { GenerationEvent } from "../src/inference";

/** An answer with the times of its events, in milliseconds since 1970 on the receiver's clock. */
export interface Timed {
  readonly startedAt: number;
  readonly tokens: readonly { readonly at: number; readonly count: number }[];
  readonly routes: readonly { readonly at: number; readonly attempt: number; readonly providerId: string }[];
  readonly usage: Usage | undefined;
}

/** The longest answer that the guide model knows by heart: 124 tokens. */
export const QUESTION = "Tell me a story about a robot";

/** A greedy request, which has the same answer each time. */
export function greedy(text: string, maxTokens = 200): GenerationRequest {
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  return { model: "guide", messages: [{ role: "user", content: text }], sampling, maxTokens };
}

/** The tokens that end answers of the guide, of random models and of SmolLM2. */
const END_IDS = [0, 1, 2];

/** The same without an end of its own: tokens cost more the longer an answer is, so answers that are compared are as long. */
export function endless(text: string, maxTokens: number): GenerationRequest {
  return { ...greedy(text, maxTokens), logitBias: END_IDS.map((id) => [id, -100] as const) };
}

declare global {
  interface Window {
    /** The answer that a benchmark has started last. */
    timed?: { done: Promise<Timed>; tokens: number; provider: string };
  }
}

/** Starts an answer through the page's grid. */
export async function startTimed(page: Page, request: AnswerRequest): Promise<void> {
  await page.evaluate((asked) => {
    const now = (): number => performance.timeOrigin + performance.now();
    const read = async (): Promise<Timed> => {
      const startedAt = now();
      const tokens: { at: number; count: number }[] = [];
      const routes: { at: number; attempt: number; providerId: string }[] = [];
      for await (const event of window.microgrid!.answer(asked)) {
        if (event.type === "token") {
          tokens.push({ at: now(), count: event.ids.length });
          running.tokens += event.ids.length;
        } else if (event.type === "route") {
          const providerId = event.route.provider.id;
          routes.push({ at: now(), attempt: event.route.attempt, providerId });
          running.provider = providerId;
        } else if (event.type === "done") return { startedAt, tokens, routes, usage: event.usage };
      }
      throw new Error("The answer ended without an end.");
    };
    const running = { done: Promise.resolve() as unknown as Promise<Timed>, tokens: 0, provider: "" };
    window.timed = running;
    running.done = read();
    running.done.catch(() => undefined);
  }, request);
}

/** An answer through the page's grid. */
export async function timedAnswer(page: Page, request: AnswerRequest): Promise<Timed> {
  await startTimed(page, request);
  return page.evaluate(() => window.timed!.done);
}

/**
 * Times the answers that the page's own chat asks for, as the chat takes their events. Replaces each request by
 * `generation`, regardless of the person's settings, so that all measurements compute the same.
 */
export async function interceptChat(page: Page, generation: GenerationRequest): Promise<void> {
  await page.evaluate((wanted) => {
    const grid = window.microgrid!;
    const ask = grid.answer.bind(grid);
    const now = (): number => performance.timeOrigin + performance.now();
    grid.answer = (request, options) => {
      // The benchmark's own requests name their provider; the chat leaves that to the router.
      if (request.provider !== undefined) return ask(request, options);
      const startedAt = now();
      const tokens: { at: number; count: number }[] = [];
      let finish: (timed: Timed) => void = () => undefined;
      window.timed = { done: new Promise((resolve) => (finish = resolve)), tokens: 0, provider: "" };
      return (async function* () {
        for await (const event of ask({ ...request, generation: wanted }, options)) {
          if (event.type === "token") tokens.push({ at: now(), count: event.ids.length });
          yield event;
          if (event.type === "done") finish({ startedAt, tokens, routes: [], usage: event.usage });
        }
      })();
    };
  }, generation);
}

/** The worker that holds the page's engines. Throws if none runs yet. */
export function engineWorker(page: Page): Worker {
  const worker = page.workers().find((each) => /\/gpu-[^/]*\.js/.test(each.url()));
  if (!worker) throw new Error("The page has no engine worker.");
  return worker;
}

/** Messages from a stream of the border to its reader. */
type StreamMessage =
  | { readonly type: "items"; readonly items: readonly GenerationEvent[] }
  | { readonly type: "end" | "close" }
  | { readonly type: "failed"; readonly error: { readonly message: string } };

/**
 * An answer of the same loaded model, read inside the worker: the engine is called the way the page calls it, but the
 * stream's port is replaced by an object, so that no token crosses to another thread.
 */
export function bareAnswer(worker: Worker, request: GenerationRequest): Promise<Timed> {
  return worker.evaluate(
    (generation) =>
      new Promise<Timed>((resolve, reject) => {
        const now = (): number => performance.timeOrigin + performance.now();
        const startedAt = now();
        const tokens: { at: number; count: number }[] = [];
        let usage: Usage | undefined;
        const port = {
          onmessage: undefined as ((event: { data: unknown }) => void) | undefined,
          postMessage(message: StreamMessage): void {
            if (message.type === "failed") return reject(new Error(message.error.message));
            if (message.type === "end") return resolve({ startedAt, tokens, routes: [], usage });
            if (message.type !== "items") return;
            for (const event of message.items) {
              if (event.type === "token") tokens.push({ at: now(), count: event.ids.length });
              if (event.type === "done") usage = event.usage;
            }
            queueMicrotask(() => this.onmessage?.({ data: { type: "credit" } }));
          },
        };
        const Channel = MessageChannel;
        const replaced = class {
          readonly port1 = port;
          readonly port2 = new Channel().port2;
          constructor() {
            globalThis.MessageChannel = Channel;
          }
        };
        globalThis.MessageChannel = replaced as unknown as typeof MessageChannel;
        const { signal } = new AbortController();
        const argumentList = [generation, { signal }].map((value) => ({ type: "RAW", value }));
        const call = { id: "bench", type: "APPLY", path: ["generate"], argumentList };
        // The page's first message gives the worker a port to serve; this one makes one call and ignores what is posted to it.
        const served = {
          addEventListener: (_: string, listener: (event: MessageEvent) => void) =>
            queueMicrotask(() => listener(new MessageEvent("message", { data: call }))),
          postMessage: () => undefined,
        };
        dispatchEvent(new MessageEvent("message", { data: { life: crypto.randomUUID(), port: served } }));
      }),
    request,
  );
}

/** Tokens per second between the first event and the last. */
export function decodeRate({ tokens }: Timed): number {
  const [first, ...rest] = tokens;
  const last = rest.at(-1);
  if (!first || !last) return NaN;
  return (1000 * rest.reduce((sum, { count }) => sum + count, 0)) / (last.at - first.at);
}

/** Milliseconds from the question to the first token. */
export function firstTokenMs({ startedAt, tokens }: Timed): number {
  return (tokens[0]?.at ?? NaN) - startedAt;
}
