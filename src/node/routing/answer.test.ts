/** An answer survives the loss of whoever gives it. */
import { describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../../core";
import type { GenerationEvent, Provider } from "../../inference";
import { ToyProvider, letters, toyRequest } from "../../inference/testing/toy-provider";
import { JobLostError, JobRefusedError } from "../../room";
import type { AnswerEvent, Policy } from "../types";
import { answer } from "./answer";
import { Experience } from "./experience";

const SPEED: Policy = { privacy: "room", prefer: "speed" };

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

  it("treats a stream that stops without an end event as a loss", async () => {
    const cut = new ToyProvider("cut");
    cut.generate = async function* (): AsyncGenerator<GenerationEvent> {
      yield { type: "token", ids: [0], text: "a" };
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
