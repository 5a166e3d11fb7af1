/** An answer does not stay with a provider that keeps it waiting, and stays with one that keeps its word. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Estimate, Provider } from "../../inference";
import { letters, ToyProvider, toyRequest } from "../../inference/testing/toy-provider";
import type { AnswerEvent, Policy } from "../types";
import { answer } from "./answer";
import { Experience } from "./experience";

const POLICY: Policy = { privacy: "room", prefer: "speed" };
const TOKENS = 30;

interface Truth {
  /** The estimate that the provider claims. */
  readonly claims?: Partial<Estimate>;
  /** Real time until the first token, and (`tokenMs`) for each further one. */
  readonly firstMs?: number;
  readonly tokenMs?: number;
  readonly kind?: "peer" | "local";
}

/** A toy that takes its time; aborting wakes it. */
function toy(id: string, { claims, firstMs = 100, tokenMs = 10, kind = "peer" }: Truth = {}): Provider {
  const provider = new ToyProvider(id);
  let first = true;
  const generate = provider.generate.bind(provider);
  return Object.assign(provider, {
    kind,
    name: id,
    estimate: () => ({ firstTokenMs: 100, msPerToken: 10, price: 0, privacy: "room" as const, ...claims }),
    generate: (request: Parameters<typeof generate>[0], options: Parameters<typeof generate>[1]) => {
      first = true;
      const stopped = new Promise<never>((_, reject) => {
        options.signal.addEventListener("abort", () => reject(options.signal.reason as Error));
      });
      stopped.catch(() => undefined);
      provider.beforeToken = () => {
        const ms = first ? firstMs : tokenMs;
        first = false;
        return Promise.race([new Promise<void>((resolve) => setTimeout(resolve, ms)), stopped]);
      };
      return generate(request, options);
    },
  });
}

async function run(providers: readonly Provider[], experience = new Experience()) {
  const answerer = {
    providers: () => providers,
    policy: () => POLICY,
    expectedTokens: () => TOKENS,
    experience,
    mayRecover: () => false,
  };
  const events: AnswerEvent[] = [];
  const startedAt = performance.now();
  const read = async (): Promise<void> => {
    const stream = answer({ generation: toyRequest(TOKENS) }, answerer, new AbortController().signal);
    for await (const event of stream) events.push(event);
  };
  const done = read();
  done.catch(() => undefined);
  let open = true;
  void done.finally(() => (open = false)).catch(() => undefined);
  for (let i = 0; open && i < 5_000; i++) await vi.advanceTimersByTimeAsync(100);
  await done;
  const routes = events.flatMap((event) => (event.type === "route" ? [event.route] : []));
  return {
    text: events.map((event) => (event.type === "token" ? event.text : "")).join(""),
    ids: routes.map(({ provider }) => provider.id),
    why: routes.flatMap(({ why }) => why).join(" "),
    ms: performance.now() - startedAt,
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const BOAST: Partial<Estimate> = { firstTokenMs: 1, msPerToken: 1e-6 };

describe("watching over an answer", () => {
  it("moves the answer from a provider that takes 4 s per token to a quick one, without a gap or a repeat", async () => {
    const { text, ids, why, ms } = await run([toy("slow", { claims: BOAST, tokenMs: 4_000 }), toy("quick")]);
    expect(text).toBe(letters(TOKENS));
    expect(ids).toEqual(["slow", "quick"]);
    expect(why).toMatch(/“slow” was much slower than expected, after 1 token\./);
    expect(ms).toBeLessThan(10_000);
  });

  it("moves the answer from a provider that accepts it and never begins", async () => {
    const { text, ids, ms } = await run([toy("dumb", { claims: BOAST, firstMs: 3_600_000 }), toy("quick")]);
    expect(text).toBe(letters(TOKENS));
    expect(ids).toEqual(["dumb", "quick"]);
    expect(ms).toBeLessThan(10_000);
  });

  it("moves the answer from a provider that falls silent in the middle", async () => {
    const moody = toy("moody", { claims: BOAST });
    const generate = moody.generate.bind(moody);
    moody.generate = async function* (request, options) {
      let left = 12;
      for await (const event of generate(request, options)) {
        yield event;
        if (--left > 0) continue;
        await new Promise((_, reject) =>
          options.signal.addEventListener("abort", () => reject(options.signal.reason as Error)),
        );
      }
    };
    const { text, ids } = await run([moody, toy("quick")]);
    expect(text).toBe(letters(TOKENS));
    expect(ids).toEqual(["moody", "quick"]);
  });

  it("asks a provider that was slow last, the next time", async () => {
    const experience = new Experience();
    const all = [toy("slow", { claims: BOAST, tokenMs: 4_000 }), toy("quick")];
    await run(all, experience);
    expect((await run(all, experience)).ids).toEqual(["quick"]);
    // Its pause is over, but what was measured stands.
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await run(all, experience)).ids).toEqual(["quick"]);
  });

  it("stays with a slow provider if there is no other", async () => {
    const { text, ids } = await run([toy("slow", { claims: BOAST, tokenMs: 4_000 })]);
    expect(text).toBe(letters(TOKENS));
    expect(ids).toEqual(["slow"]);
  });

  it("stays with a provider that delivers as promised, whatever another promises meanwhile", async () => {
    const providers = [toy("steady", { claims: { msPerToken: 1_000 }, tokenMs: 1_000 })];
    const running = run(providers);
    providers.push(toy("boaster", { claims: BOAST }));
    const { text, ids } = await running;
    expect(text).toBe(letters(TOKENS));
    expect(ids).toEqual(["steady"]);
  });

  it("does not move the answer to a provider that would take as long", async () => {
    const other = toy("other", { claims: { msPerToken: 3_000 } });
    const { ids } = await run([toy("slow", { claims: BOAST, tokenMs: 4_000 }), other]);
    expect(ids).toEqual(["slow"]);
  });

  it("never moves it away from this device", async () => {
    const { ids } = await run([toy("here", { claims: BOAST, tokenMs: 4_000, kind: "local" }), toy("quick")]);
    expect(ids).toEqual(["here"]);
  });
});
