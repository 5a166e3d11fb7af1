/** Jobs between peers of which one may be greedy, or tell stories without end. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Bytes, type JobId, encodeCbor, randomId } from "../../core";
import type { GenerationEvent, GenerationRequest } from "../../inference";
import { ToyProvider, letters, toyRequest } from "../../inference/testing/toy-provider";
import type { ReceivedBody, RoomFrameBody, RoomLink } from "../protocol";
import { JobClient } from "./client";
import { MAX_JOBS_PER_PEER } from "../constants";
import { JobServer, type SharedModels } from "./server";

interface Sent {
  readonly kind: string;
  readonly body: Record<string, unknown>;
}

/** A link that only notes what is sent over it. */
function fakeLink(did = randomId(8)) {
  const sent: Sent[] = [];
  const note = (kind: string, body: Record<string, unknown>): void => void sent.push({ kind, body });
  const state = { closedFor: undefined as string | undefined, marks: 0 };
  const link = {
    did,
    open: true,
    closed: new Promise<string>(() => undefined),
    markBusy: () => {
      state.marks++;
      return () => state.marks--;
    },
    post: note,
    send: async (kind: string, body: Record<string, unknown>) => note(kind, body),
    accuse: (reason: string) => (state.closedFor = reason),
  };
  return { link: link as unknown as RoomLink, sent, state };
}

type FakeLink = ReturnType<typeof fakeLink>;

const LOAD: RoomFrameBody<"heartbeat">["load"] = { running: 0, queued: 0, tokenRate: 0, visible: true };
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A server with two places, whose answers go on until the test lets them end. */
function server(sharing: () => SharedModels | undefined = () => ({ maxJobs: 2, models: new Set(["toy"]) })) {
  const toy = new ToyProvider();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const generate = toy.generate.bind(toy);
  // An engine stops within a token, also one that computes for long.
  toy.generate = async function* (request, { signal }) {
    await Promise.race([held, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    yield* generate(request, { signal });
  };
  const jobs = new JobServer({
    provider: toy,
    sharing,
    load: () => LOAD,
    branchOf: ({ did }) => did,
    forbids: () => undefined,
    onChange: () => undefined,
    onRefused: () => undefined,
  });
  stops.push(() => jobs.stop("left", "the test is over"));
  let count = 0;
  const ask = ({ link }: FakeLink): string => {
    const id = (++count).toString(16).padStart(16, "0") as JobId;
    const request = toyRequest(3) as ReceivedBody<"job.request">["request"];
    jobs.request(link, { id, request, privacy: "room", deadlineMs: 60_000 });
    return id;
  };
  return { jobs, ask, release };
}

const kindsOf = ({ sent }: FakeLink, id: string): string[] =>
  sent.filter(({ body }) => body.id === id).map(({ kind }) => kind);
/** Whether a job runs: who waits is told a position. */
const runs = ({ sent }: FakeLink, id: string): boolean =>
  sent.some(({ kind, body }) => kind === "job.accepted" && body.id === id && body.position === 0);

describe("a request that cannot be taken", () => {
  const id = "0123456789abcdef";
  /** The schema accepts none of these bodies: whoever decodes them ends the link. */
  const request = (body: Bytes) => ({ kind: "job.request", body });
  const about = (model: string) => request(encodeCbor({ id, request: { model, messages: "too much to read" } }));

  it("is refused by its id alone where nothing is shared", () => {
    const { jobs } = server(() => undefined);
    const asker = fakeLink();
    expect(jobs.screen(asker.link, about("toy"))).toBe(false);
    expect(asker.sent).toMatchObject([{ kind: "job.refused", body: { id, reason: "policy" } }]);
  });

  it("is refused by its model where others are shared", () => {
    const { jobs } = server();
    const asker = fakeLink();
    expect(jobs.screen(asker.link, about("other"))).toBe(false);
    expect(asker.sent).toMatchObject([{ kind: "job.refused", body: { id, reason: "unknown-model" } }]);
    expect(jobs.screen(asker.link, about("toy"))).toBe(true);
  });

  it("is refused before it is read while its sender has as many jobs here as it may have", () => {
    const { jobs, ask } = server();
    const asker = fakeLink();
    for (let asked = 0; asked < MAX_JOBS_PER_PEER; asked++) ask(asker);
    expect(jobs.screen(asker.link, about("toy"))).toBe(false);
    expect(asker.sent.at(-1)).toMatchObject({ kind: "job.refused", body: { id, reason: "busy" } });
    expect(jobs.screen(fakeLink().link, about("toy"))).toBe(true);
  });

  it("is left to its schema if it has no id", () => {
    const { jobs } = server(() => undefined);
    const asker = fakeLink();
    for (const bytes of [encodeCbor({ id: "no id", request: {} }), new Uint8Array(), new Uint8Array([0xbb, 1])]) {
      expect(jobs.screen(asker.link, request(bytes))).toBe(true);
    }
    expect(asker.sent).toEqual([]);
  });
});

describe("peers that share a device", () => {
  it("give all of it to one peer while no other comes", () => {
    const { ask } = server();
    const greedy = fakeLink();
    const ids = [ask(greedy), ask(greedy)];
    expect(ids.map((id) => runs(greedy, id))).toEqual([true, true]);
  });

  it("take a place from a peer that fills the device when another one comes, however many requests are waiting", async () => {
    const { jobs, ask } = server();
    const [greedy, modest] = [fakeLink(), fakeLink()];
    const ids = Array.from({ length: 8 }, () => ask(greedy));
    const wanted = ask(modest);
    await vi.waitFor(() => expect(runs(modest, wanted)).toBe(true));
    expect(jobs.running).toBe(2);
    expect(runs(greedy, ids[0]!)).toBe(true);
    // The newest goes back; its consumer hears that this device is busy, and goes on elsewhere or later.
    expect(greedy.sent.filter(({ kind }) => kind === "job.refused").map(({ body }) => body)).toEqual([
      { id: ids[1], reason: "busy", load: LOAD },
    ]);
    expect(kindsOf(greedy, ids[1]!)).not.toContain("job.failed");
  });

  it("have their requests over two links counted together", () => {
    const { ask, jobs } = server();
    const [one, other] = [fakeLink("did:key:greedy"), fakeLink("did:key:greedy")];
    for (let i = 0; i < MAX_JOBS_PER_PEER; i++) ask(i % 2 ? one : other);
    const refused = ask(one);
    expect(kindsOf(one, refused)).toEqual(["job.refused"]);
    const third = fakeLink();
    ask(third);
    expect(jobs.queued).toBe(MAX_JOBS_PER_PEER - 1);
  });

  it("take nothing from a peer that has only one place", () => {
    const { jobs, ask } = server();
    const links = [fakeLink(), fakeLink(), fakeLink()];
    const ids = links.map((link) => ask(link));
    expect(links.map((link, i) => runs(link, ids[i]!))).toEqual([true, true, false]);
    expect(jobs.queued).toBe(1);
    expect(links.flatMap(({ sent }) => sent).some(({ kind }) => kind === "job.refused")).toBe(false);
  });

  it("are all answered in the end, and their links stay in use until then", async () => {
    const { jobs, ask, release } = server();
    const [greedy, modest] = [fakeLink(), fakeLink()];
    const ids = Array.from({ length: 4 }, () => ask(greedy));
    const wanted = ask(modest);
    jobs.cancel(greedy.link, { id: ask(greedy) });
    // Those that wait as well; neither what goes back to make room nor what was cancelled, once it has stopped.
    await vi.waitFor(() => expect([greedy.state.marks, modest.state.marks]).toEqual([3, 1]));
    release();
    await vi.waitFor(() => {
      const done = [...greedy.sent, ...modest.sent]
        .filter(({ kind }) => kind === "job.done")
        .map(({ body }) => body.id);
      expect(new Set(done)).toEqual(new Set([...ids.filter((_, i) => i !== 1), wanted]));
    });
    await vi.waitFor(() => expect([greedy.state.marks, modest.state.marks]).toEqual([0, 0]));
  });
});

describe("a provider's frames", () => {
  async function read(frames: readonly { text: string; ids: number[] }[], maxTokens = 10) {
    const fake = fakeLink();
    const client = new JobClient(fake.link);
    const abort = new AbortController();
    const options = { signal: abort.signal, privacy: "room", deadlineMs: 60_000 } as const;
    const stream = client.generate(toyRequest(maxTokens), options);
    const events: GenerationEvent[] = [];
    const reading = (async () => {
      for await (const event of stream) events.push(event);
    })().catch(() => undefined);
    await vi.waitFor(() => expect(fake.sent).toHaveLength(1));
    const id = fake.sent[0]!.body.id as string;
    for (const [seq, frame] of frames.entries()) client.tokens({ id, seq, ...frame });
    await vi.waitFor(() =>
      expect(events.length + (fake.state.closedFor ? 1 : 0)).toBeGreaterThanOrEqual(frames.length),
    );
    abort.abort();
    await reading;
    return { closedFor: fake.state.closedFor, text: events.map((event) => (event.type === "token" ? event.text : "")) };
  }

  it("may hold long tokens", async () => {
    const { closedFor, text } = await read([
      { text: " ".repeat(1_000), ids: [1, 2, 3, 4] },
      { text: letters(3), ids: [] },
    ]);
    expect(closedFor).toBeUndefined();
    expect(text.join("")).toHaveLength(1_003);
  });

  it("may not hold more text than tokens can have, and such text is not delivered", async () => {
    const { closedFor, text } = await read([
      { text: "a", ids: [1] },
      { text: "b".repeat(5_000), ids: [2] },
    ]);
    expect(closedFor).toMatch(/more text than its tokens can have/);
    expect(text).toEqual(["a"]);
  });

  it("may say that the oldest messages were not read, but not that the question was not", async () => {
    const fake = fakeLink();
    const client = new JobClient(fake.link);
    const abort = new AbortController();
    const messages = Array.from({ length: 2_201 }, (_, at) => ({
      role: at % 2 ? ("assistant" as const) : ("user" as const),
      content: "word",
    }));
    const asked = { ...toyRequest(3), messages, shorten: true };
    const stream = client.generate(asked, { signal: abort.signal, privacy: "room", deadlineMs: 60_000 });
    // A frame carries 2,000 messages.
    expect((await stream.next()).value).toEqual({ type: "shortened", messages: 202 });
    const reported = stream.next();
    await vi.waitFor(() => expect(fake.sent).toHaveLength(1));
    const id = fake.sent[0]!.body.id as string;
    client.shortened({ id, messages: 1_000 });
    expect((await reported).value).toEqual({ type: "shortened", messages: 1_202 });
    client.shortened({ id, messages: 1_999 });
    expect(fake.state.closedFor).toMatch(/does not read the question/);
    abort.abort();
  });

  it("has probabilities only where they were asked for", async () => {
    const logprobs = [{ id: 1, text: "a", bytes: new Uint8Array([97]), logprob: -1, top: [] }];
    const first = async (request: GenerationRequest): Promise<GenerationEvent> => {
      const fake = fakeLink();
      const client = new JobClient(fake.link);
      const stream = client.generate(request, {
        signal: new AbortController().signal,
        privacy: "room",
        deadlineMs: 60_000,
      });
      const event = stream.next();
      await vi.waitFor(() => expect(fake.sent).toHaveLength(1));
      client.tokens({ id: fake.sent[0]!.body.id as string, seq: 0, text: "a", ids: [1], logprobs });
      const came = await event;
      await stream.return(undefined);
      return came.value as GenerationEvent;
    };
    expect(await first(toyRequest(3))).not.toHaveProperty("logprobs");
    expect(await first({ ...toyRequest(3), logprobs: 0 })).toHaveProperty("logprobs", logprobs);
  });

  it("may not go on forever, even if they are empty", async () => {
    const { closedFor } = await read(Array.from({ length: 13 }, () => ({ text: "", ids: [] })));
    expect(closedFor).toMatch(/more tokens than were asked for/);
  });
});

it("sends a thought and the answer in frames of their own, in order, and gives both out as they were", async () => {
  const said: GenerationEvent[] = [
    { type: "reasoning", text: "", ids: [1] },
    { type: "reasoning", text: "Hm.", ids: [2] },
    { type: "token", text: "Yes", ids: [3] },
    { type: "token", text: ".", ids: [4] },
  ];
  const usage = { promptTokens: 1, completionTokens: 4, cachedTokens: 0, prefillMs: 1, decodeMs: 1 };
  const toy = new ToyProvider();
  toy.generate = async function* () {
    await Promise.resolve();
    yield* said;
    yield { type: "done", finishReason: "stop", usage };
  };
  const jobs = new JobServer({
    provider: toy,
    sharing: () => ({ maxJobs: 1, models: new Set(["toy"]) }),
    load: () => LOAD,
    branchOf: ({ did }) => did,
    forbids: () => undefined,
    onChange: () => undefined,
    onRefused: () => undefined,
  });
  const [consumer, provider] = [fakeLink(), fakeLink()];
  const client = new JobClient(consumer.link);
  const signal = new AbortController().signal;
  const events = client.generate(toyRequest(8), { signal, privacy: "room", deadlineMs: 60_000 });
  const heard: GenerationEvent[] = [];
  const reading = (async () => {
    for await (const event of events) heard.push(event);
  })();
  await vi.waitFor(() => expect(consumer.sent).toHaveLength(1));
  jobs.request(provider.link, consumer.sent[0]!.body as ReceivedBody<"job.request">);
  await vi.waitFor(() => expect(provider.sent.at(-1)?.kind).toBe("job.done"));
  for (const { kind, body } of provider.sent) {
    if (kind === "job.tokens") client.tokens(body as ReceivedBody<"job.tokens">);
    else if (kind === "job.done") client.done(body as ReceivedBody<"job.done">);
  }
  await reading;
  const texts = (type: string) => heard.flatMap((event) => (event.type === type && "ids" in event ? [event] : []));
  for (const type of ["reasoning", "token"]) {
    const expected = said.filter((event) => event.type === type);
    const all = (list: readonly GenerationEvent[]) => ({
      text: list.map((event) => ("text" in event ? event.text : "")).join(""),
      ids: list.flatMap((event) => ("ids" in event ? event.ids : [])),
    });
    expect(all(texts(type))).toEqual(all(expected));
  }
  expect(heard.flatMap((event) => ("ids" in event ? event.ids : []))).toEqual([1, 2, 3, 4]);
});
