/** The router chooses the earliest finish within the policy; an answer survives the loss of whoever gives it. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../../core";
import type { Estimate, GenerationEvent, GenerationRequest, ModelOffer, Provider, ResumePoint } from "../../inference";
import { OFFER, ToyProvider, letters, toyRequest } from "../../inference/testing/toy-provider";
import { JobLostError, JobRefusedError } from "../../room";
import type { AnswerEvent, Policy } from "../types";
import { answer } from "./answer";
import { Delivered } from "./delivered";
import { Experience } from "./experience";
import { ANY_MODEL } from "./nobody";
import { choose } from "./router";

const SPEED: Policy = { privacy: "room", prefer: "speed" };

interface Facts extends Partial<Estimate> {
  readonly kind?: Provider["kind"];
  readonly offer?: Partial<ModelOffer>;
}

function provider(id: string, facts: Facts = {}): Provider {
  const { kind = "peer", offer, ...estimate } = facts;
  const privacy = kind === "local" ? "device" : "room";
  return {
    id,
    kind,
    name: id,
    models: () => [{ ...OFFER, ...offer }],
    estimate: () => ({ firstTokenMs: 100, msPerToken: 10, price: 0, privacy, ...estimate }),
    generate: () => {
      throw new Error("not asked in these tests");
    },
  };
}

const chosen = (providers: Provider[], policy: Policy = SPEED, request: GenerationRequest = toyRequest(100)) =>
  choose(request, providers, { policy, random: () => 0 }).candidate.provider.id;

describe("choosing", () => {
  it("prefers the earliest finish: a fast decoder beats a quick start for a long answer, not for a short one", () => {
    const quick = provider("quick", { firstTokenMs: 10, msPerToken: 50 });
    const fast = provider("fast", { firstTokenMs: 1000, msPerToken: 5 });
    expect(chosen([quick, fast], SPEED, toyRequest(200))).toBe("fast");
    expect(chosen([quick, fast], SPEED, toyRequest(5))).toBe("quick");
  });

  it("respects the privacy setting, and says so", () => {
    const slow = provider("here", { kind: "local", msPerToken: 1000 });
    const fast = provider("there", { msPerToken: 1 });
    expect(chosen([slow, fast])).toBe("there");
    const strict: Policy = { privacy: "device", prefer: "speed" };
    const choice = choose(toyRequest(100), [slow, fast], { policy: strict });
    expect(choice.candidate.provider.id).toBe("here");
    expect(choice.why.join(" ")).toMatch(/“there” was left out: your privacy setting/);
    expect(() => choose(toyRequest(100), [fast], { policy: strict })).toThrow(
      /privacy setting keeps prompts within this device/,
    );
  });

  it("prefers this device for privacy, whatever it costs", () => {
    const policy: Policy = { privacy: "anywhere", prefer: "privacy" };
    expect(
      chosen([provider("there", { msPerToken: 1 }), provider("here", { kind: "local", msPerToken: 1000 })], policy),
    ).toBe("here");
  });

  it("breaks ties among peers at random, and prefers this device in a tie", () => {
    const peers = ["a", "b", "c", "d"].map((id, i) => provider(id, { firstTokenMs: 100 + i }));
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const { id } = choose(toyRequest(100), peers, { policy: SPEED }).candidate.provider;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["a", "b", "c", "d"]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(800);
    expect(chosen([...peers, provider("here", { kind: "local", firstTokenMs: 120 })])).toBe("here");
  });

  it("never chooses a finish that is clearly later than another's", () => {
    const facts = fc.record({
      firstTokenMs: fc.integer({ min: 0, max: 20_000 }),
      msPerToken: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(
        fc.array(facts, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (all, dice) => {
          const providers = all.map((fact, i) => provider(String(i), fact));
          const { candidate } = choose(toyRequest(100), providers, { policy: SPEED, random: () => dice });
          const best = Math.min(...all.map(({ firstTokenMs, msPerToken }) => firstTokenMs + 100 * msPerToken));
          expect(candidate.finishMs).toBeLessThanOrEqual(Math.max(best * 1.1, best + 50));
        },
      ),
    );
  });

  it("accepts any model if the request does, and explains that no provider has a requested model", () => {
    const peer = provider("a", { offer: { model: "exotic" } });
    expect(choose(toyRequest(10, ANY_MODEL), [peer], { policy: SPEED }).candidate.offer.model).toBe("exotic");
    expect(() => choose(toyRequest(10, "toy"), [peer], { policy: SPEED })).toThrow(
      "The model “toy” is not ready here. Nobody in the room offers it. Load it here, or try again later.",
    );
    expect(() => choose(toyRequest(10, "toy"), [], { policy: SPEED })).toThrow(/No other device is connected/);
  });

  it("says that the model is ready where the request may not be answered", () => {
    const here = provider("here", { kind: "local" });
    expect(() => choose(toyRequest(10), [here], { policy: SPEED, only: "room" })).toThrow(
      /“toy” is ready, but not where this request may be answered/,
    );
  });

  it("continues on the same package and engine if possible, and says so if not", () => {
    const resume: ResumePoint = { ...OFFER, ids: [1], idsInText: 1, text: "a" };
    const request = { ...toyRequest(100), resume };
    const same = provider("same", { msPerToken: 1000 });
    const other = provider("other", { msPerToken: 1, offer: { backend: "webgpu" } });
    expect(choose(request, [same, other], { policy: SPEED }).candidate).toMatchObject({
      exact: true,
      provider: { id: "same" },
    });
    expect(choose(request, [other], { policy: SPEED }).candidate.exact).toBe(false);
  });
});

describe("an answer that was partly delivered", () => {
  const token = (text: string, ids: number[]) => ({ type: "token", text, ids }) as const;

  it("resumes by ids while they come from one tokenizer, otherwise by text", () => {
    const delivered = new Delivered(undefined);
    delivered.add(token("ab", [1, 2]), OFFER);
    expect(delivered.resume).toMatchObject({ ids: [1, 2], idsInText: 2, text: "ab", tokenizerHash: "tokenizer" });
    delivered.add(token("c", [9]), { ...OFFER, tokenizerHash: "other" });
    expect(delivered.resume).toMatchObject({ ids: [], idsInText: 0, text: "abc", tokenizerHash: "" });
    delivered.add(token("d", [3]), OFFER);
    expect(delivered.resume).toMatchObject({ ids: [], text: "abcd", tokenizerHash: "" });
  });

  it("resumes after a thought with the ids of both, and their texts apart", () => {
    const delivered = new Delivered(undefined);
    delivered.add({ type: "reasoning", text: "", ids: [1] }, OFFER);
    delivered.add({ type: "reasoning", text: "Hm.", ids: [2, 3] }, OFFER);
    expect(delivered.resume).toMatchObject({ ids: [1, 2, 3], idsInText: 3, text: "", reasoning: "Hm." });
    delivered.add(token("ab", [4]), OFFER);
    const { resume } = delivered;
    expect(resume).toMatchObject({ ids: [1, 2, 3, 4], idsInText: 4, text: "ab", reasoning: "Hm." });
    expect(new Delivered(resume).resume).toEqual(resume);
  });

  it("resumes by text if an engine reports no ids", () => {
    const delivered = new Delivered(undefined);
    delivered.add(token("ab", []), OFFER);
    expect(delivered.resume).toMatchObject({ ids: [], text: "ab", tokenizerHash: "" });
  });
});

/** Fails after `diesAfter` tokens, as a lost peer does. */
class Mortal extends ToyProvider {
  constructor(id: string, diesAfter: number, error: Error = new MicrogridError("peer-lost", "it is gone.")) {
    super(id);
    let left = diesAfter;
    this.beforeToken = async () => {
      if (left-- === 0) throw error;
    };
  }
}

async function run(providers: readonly Provider[], tokens = 30, gone: (provider: Provider) => boolean = () => false) {
  const answerer = {
    providers: () => providers.filter((provider) => !gone(provider)),
    policy: () => SPEED,
    expectedTokens: () => 30,
    experience: new Experience(),
    mayRecover: () => false,
  };
  const events: AnswerEvent[] = [];
  const stream = answer({ generation: toyRequest(tokens) }, answerer, new AbortController().signal);
  for await (const event of stream) events.push(event);
  const text = events.map((event) => (event.type === "token" ? event.text : "")).join("");
  const routes = events.flatMap((event) => (event.type === "route" ? [event.route] : []));
  const losses = events.flatMap((event) => (event.type === "lost" ? [event.loss] : []));
  const done = events.find((event) => event.type === "done");
  return { text, routes, losses, done };
}

describe("answering", () => {
  it("continues at another provider without a gap or a repeat, wherever it breaks", async () => {
    for (let at = 0; at < 30; at++) {
      const { text, routes, done } = await run([new Mortal("first", at), new ToyProvider("second")]);
      expect(text).toBe(letters(30));
      const lost = routes.length > 1;
      expect(done?.summary.attempts).toBe(routes.length);
      if (lost) expect(routes[1]?.why[0]).toMatch(/^The connection to this device was lost/);
    }
  });

  it("survives one loss after another", async () => {
    const many = [3, 1, 0, 7, 2, 0].map((at, i) => new Mortal(`mortal ${i}`, at));
    const { text } = await run([...many, new ToyProvider("last")]);
    expect(text).toBe(letters(30));
  });

  it("asks another provider after a refusal, and returns to one that was busy", async () => {
    const load = { running: 2, queued: 8, tokenRate: 0, visible: true };
    const busy = new Mortal("busy", 0, new JobRefusedError("busy", load));
    const { text, routes } = await run([busy]);
    expect(text).toBe(letters(30));
    expect(routes.map(({ provider: { id } }) => id)).toEqual(["busy", "busy"]);
    expect(routes[1]?.why[0]).toBe("This device was busy with other answers.");
  });

  it("says why each provider was lost, before it names the next one", async () => {
    const load = { running: 2, queued: 8, tokenRate: 0, visible: true };
    const { losses, text } = await run([
      new Mortal("a", 1, new JobLostError("left", "It has left the room.")),
      new Mortal("b", 1, new JobLostError("silent", "It has fallen silent.")),
      new Mortal("c", 0, new JobRefusedError("policy", load)),
      new Mortal("d", 2, new MicrogridError("stage-lost", "A device is gone.")),
      new ToyProvider("e"),
    ]);
    expect(losses).toEqual(["left", "silent", "paused", "stage"]);
    expect(text).toBe(letters(30));
  });

  it("does not try other providers if the request itself is invalid", async () => {
    const first = new Mortal("first", 0, new MicrogridError("context-exceeded", "The prompt is too long."));
    const second = new ToyProvider("second");
    second.estimate = () => ({ firstTokenMs: 9999, msPerToken: 99, price: 0, privacy: "device" });
    await expect(run([first, second])).rejects.toMatchObject({ code: "context-exceeded" });
    expect(second.started).toBe(0);
  });

  it("asks other providers if a peer calls the request invalid, and reports that if none is left", async () => {
    const fault = new MicrogridError("context-exceeded", "The prompt is too long for me.");
    const peer = Object.assign(new Mortal("peer", 0, fault), { kind: "peer" });
    expect((await run([peer as Provider, new ToyProvider("other")])).text).toBe(letters(30));
    const alone = Object.assign(new Mortal("alone", 0, fault), { kind: "peer" });
    await expect(run([alone as Provider])).rejects.toBe(fault);
  });

  it("names what became of each provider if nobody is left", async () => {
    vi.useFakeTimers();
    const peer = (name: string, error: Error) => Object.assign(new Mortal(name, 2, error), { kind: "peer", name });
    const gone = peer("Ada", new JobLostError("left", "It has left the room."));
    const crashed = peer("Eve", new MicrogridError("worker-crashed", "The engine stopped."));
    const outcome = run([gone, crashed] as readonly Provider[], 30, (each) =>
      [gone, crashed].some((one) => one.id === each.id && one.stopped > 0),
    );
    outcome.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    await expect(outcome).rejects.toMatchObject({ code: "no-provider" });
    for (const cause of ["“Ada” left the room.", "The model stopped working on “Eve”.", "Nobody else offers it."])
      await expect(outcome).rejects.toThrow(cause);
  });

  it("waits for a lost peer to come back if there is no other", async () => {
    const first = new Mortal("first", 5);
    const back = new ToyProvider("back");
    let lostAt = Infinity;
    const listed = (provider: Provider): boolean => {
      if (first.stopped > 0) lostAt = Math.min(lostAt, performance.now());
      const away = performance.now() < lostAt + 500;
      return provider === first ? first.stopped > 0 : away;
    };
    expect((await run([first, back], 30, listed)).text).toBe(letters(30));
  });

  it("gives each provider the time at which the answer began", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-30T23:59:59Z") });
    const times: (string | undefined)[] = [];
    const providers = [new Mortal("first", 10), new Mortal("second", 10), new ToyProvider("third")];
    for (const one of providers) {
      const generate = one.generate.bind(one);
      one.generate = (request, options) => {
        times.push(request.localTime);
        vi.setSystemTime(Date.now() + 60_000);
        return generate(request, options);
      };
    }
    expect((await run(providers)).text).toBe(letters(30));
    vi.useRealTimers();
    expect(times[0]).toMatch(/^20\d\d-/);
    expect(times).toEqual([times[0], times[0], times[0]]);
  });

  it("counts the tokens of all providers", async () => {
    const { done } = await run([new Mortal("first", 10), new ToyProvider("second")]);
    // The toy counts the whole answer as its own, as an engine without a resume point would.
    expect(done?.usage.completionTokens).toBe(10 + 30);
  });

  it("puts a provider last if it makes absurd claims about itself", () => {
    const odd = provider("odd", { firstTokenMs: NaN });
    expect(chosen([odd, provider("sane", { firstTokenMs: 60_000 })])).toBe("sane");
    expect(chosen([odd])).toBe("odd");
  });

  it("treats a stream that stops without an end event as a loss", async () => {
    const cut: Provider = {
      ...provider("cut", { kind: "local", firstTokenMs: 0 }),
      async *generate(): AsyncGenerator<GenerationEvent> {
        yield { type: "token", ids: [0], text: "a" };
      },
    };
    const other = new ToyProvider("other");
    other.estimate = () => ({ firstTokenMs: 5000, msPerToken: 10, price: 0, privacy: "device" });
    expect((await run([cut, other])).text).toBe(letters(30));
  });

  it("stops at once when it is aborted or left, and stops the provider too", async () => {
    const toy = new ToyProvider("toy");
    toy.beforeToken = () => new Promise((resolve) => setTimeout(resolve, 1));
    const answerer = {
      providers: () => [toy],
      policy: () => SPEED,
      expectedTokens: () => 30,
      experience: new Experience(),
      mayRecover: () => false,
    };
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      for await (const event of answer({ generation: toyRequest(1000) }, answerer, abort.signal)) {
        if (event.type === "token") abort.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ name: "AbortError" });
    expect(toy.stopped).toBe(1);
    for await (const event of answer({ generation: toyRequest(1000) }, answerer, new AbortController().signal)) {
      if (event.type === "token") break;
    }
    expect(toy.stopped).toBe(2);
  });
});
