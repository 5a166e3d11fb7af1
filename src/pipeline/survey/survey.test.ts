/** Asking members what they could do, over an in-memory bus. */
import { describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { MAX_GRAPH_BYTES, STAGE_FRAMES } from "../../room/frames/stage";
import { encodeFrame } from "../../wire/frames";
import { Bus } from "../testing/bus";
import { type Judge, LinkSurvey, SurveyAnswers, survey } from ".";

const did = (name: string) => `did:key:${name}` as Did;
const SELF = did("self");
const SOURCE = { model: "m", graph: "m.onnx", graphBytes: 1, weightsHash: "hash" };
const ABLE = { memoryBytes: 1e9, decodeMs: 2, prefillMs: 1 };
const { signal } = new AbortController();

/** A consumer, and members who judge as they are told. */
function room(judges: Readonly<Record<string, Judge>>) {
  const bus = new Bus();
  for (const [name, judge] of Object.entries(judges)) {
    const traffic = bus.join(did(name));
    new SurveyAnswers(traffic, new LinkSurvey(traffic), judge);
  }
  const traffic = bus.join(SELF);
  const common = { traffic, links: new LinkSurvey(traffic), self: SELF, source: SOURCE };
  return { bus, links: common.links, ask: (names: string[]) => survey(common, names.map(did), { signal }) };
}

describe("a survey", () => {
  it("learns the capabilities of all members, and measures the links between them", async () => {
    const asked: unknown[] = [];
    const { ask } = room({
      a: (source, consumer) => {
        asked.push([source, consumer]);
        return Promise.resolve(ABLE);
      },
      b: () => Promise.resolve({ ...ABLE, decodeMs: 5 }),
      c: () => Promise.resolve({ why: "consent", text: "Not yet." }),
    });
    const { able, unable, link } = await ask(["a", "b", "c"]);
    expect(asked).toEqual([[SOURCE, SELF]]);
    expect(
      [...able].map(([who, { memoryBytes, decodeMs, prefillMs }]) => [who, memoryBytes, decodeMs, prefillMs]),
    ).toEqual([
      [did("a"), 1e9, 2, 1],
      [did("b"), 1e9, 5, 1],
    ]);
    expect(unable.get(did("c"))).toMatchObject({ why: "consent", text: "Not yet." });
    for (const [from, to] of [
      ["a", "b"],
      ["b", "a"],
      ["self", "a"],
      ["b", "self"],
    ] as const) {
      expect(link(did(from), did(to))?.rttMs, `${from} to ${to}`).toBeGreaterThan(0);
      expect(link(did(from), did(to))?.bytesPerSecond, `${from} to ${to}`).toBeGreaterThan(0);
    }
    expect(link(did("a"), did("c"))?.rttMs).toBeGreaterThan(0);
    expect(link(SELF, did("c"))).toBeUndefined();
  });

  it("continues without members that fail, are gone, or leave meanwhile", async () => {
    const { ask, bus } = room({
      a: () => Promise.resolve(ABLE),
      b: () => Promise.reject(new Error("no such model")),
      c: () => {
        bus.kill(did("c"));
        return new Promise(() => undefined);
      },
    });
    const { able, unable } = await ask(["a", "b", "c", "nobody"]);
    expect([...able.keys()]).toEqual([did("a")]);
    expect([...unable].map(([who, { why }]) => [who, why])).toEqual([
      [did("b"), "failed"],
      [did("c"), "silent"],
      [did("nobody"), "silent"],
    ]);
  });

  it("says why a question could not even be sent", async () => {
    const { ask, bus } = room({ a: () => Promise.resolve(ABLE) });
    bus.onFrame = ({ kind, body }) => {
      if (kind === "stage.ask") encodeFrame(STAGE_FRAMES, kind, { ...body, graphBytes: MAX_GRAPH_BYTES + 1 });
      return true;
    };
    const { unable } = await ask(["a"]);
    expect(unable.get(did("a"))).toMatchObject({ why: "failed", text: expect.stringContaining("stage.ask") as string });
  });

  it("accepts an answer only from a member that it asked, and only to its own question", async () => {
    const { ask, bus } = room({ a: () => new Promise(() => undefined), b: () => Promise.resolve(ABLE) });
    const stranger = bus.join(did("stranger"));
    bus.onFrame = (frame, from) => {
      if (frame.kind === "stage.ask" && from === SELF) {
        const { ask: question } = frame.body;
        stranger.post(SELF, "stage.able", { ask: question, ...ABLE, links: [] });
      }
      return true;
    };
    const found = ask(["a", "b"]);
    setTimeout(() => bus.kill(did("a")), 20);
    expect([...(await found).able.keys()]).toEqual([did("b")]);
  });
});

describe("a member that is asked", () => {
  it("answers one question of each member at a time, a few at once, and none of members that are gone", async () => {
    const asked: AbortSignal[] = [];
    const { bus } = room({
      a: (_source, _consumer, options) => {
        asked.push(options.signal);
        return new Promise((resolve) => options.signal.addEventListener("abort", () => resolve(ABLE)));
      },
    });
    const consumers = ["b", "c", "d", "e", "f"];
    const traffics = consumers.map((name) => bus.join(did(name)));
    const ask = (index: number): void =>
      traffics[index]!.post(did("a"), "stage.ask", { ask: "0".repeat(16), ...SOURCE, among: [] });
    const refused = (): string[] =>
      bus.log.flatMap(({ to, frame }) => (frame.kind === "stage.unable" ? [to.slice("did:key:".length)] : []));
    const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
    ask(0);
    ask(0);
    for (const index of consumers.keys()) if (index > 0) ask(index);
    await settle();
    expect(asked).toHaveLength(4);
    expect(refused()).toEqual(["b", "f"]);
    bus.kill(did("b"));
    await settle();
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, false, false, false]);
    ask(4);
    await settle();
    expect(asked).toHaveLength(5);
  });
});

it("a member that is asked by many keys of one branch stops answering one of them for another branch", async () => {
  const stopped: Did[] = [];
  const { bus } = room({
    a: (_source, consumer, options) =>
      new Promise((resolve) => {
        options.signal.addEventListener("abort", () => {
          stopped.push(consumer);
          resolve(ABLE);
        });
        if (consumer === did("honest")) resolve(ABLE);
      }),
  });
  const ask = (name: string): void =>
    bus.join(did(name)).post(did("a"), "stage.ask", { ask: "0".repeat(16), ...SOURCE, among: [] });
  const keys = Array.from({ length: 6 }, (_, i) => `key ${i}`);
  for (const key of keys) bus.branches.set(did(key), did("hostile"));
  for (const key of keys) ask(key);
  ask("honest");
  await vi.waitFor(() => expect(bus.log.some(({ frame }) => frame.kind === "stage.able")).toBe(true));
  expect(stopped).toEqual([did("key 3")]);
  const refused = bus.log.flatMap(({ to, frame }) => (frame.kind === "stage.unable" ? [to] : []));
  expect(refused).toEqual(["key 4", "key 5", "key 3"].map(did));
});

describe("a link's measurement", () => {
  it("is kept, so members are not probed again and again", async () => {
    const { links, bus } = room({ a: () => Promise.resolve(ABLE) });
    const first = await links.measure(did("a"));
    const frames = bus.log.length;
    expect(await links.measure(did("a"))).toBe(first);
    expect(bus.log).toHaveLength(frames);
  });

  it("is repeated if it failed, and accepts an echo only from the probed member", async () => {
    const { links, bus } = room({});
    await expect(links.measure(did("a"))).rejects.toMatchObject({ code: "peer-lost" });
    const traffic = bus.join(did("a"));
    const stranger = bus.join(did("stranger"));
    let early = 0;
    traffic.handle({
      "stage.probe": ({ probe }) => {
        early++;
        stranger.post(SELF, "stage.echo", { probe });
        setTimeout(() => traffic.post(SELF, "stage.echo", { probe }), 5);
      },
    });
    expect((await links.measure(did("a"))).rttMs).toBeGreaterThanOrEqual(4);
    expect(early).toBe(4);
  });
});
