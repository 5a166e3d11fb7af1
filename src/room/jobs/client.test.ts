/** Jobs at a provider that may tell stories without end. */
import { describe, expect, it, vi } from "vitest";
import type { GenerationEvent, GenerationRequest } from "../../inference";
import { ToyProvider, letters, toyRequest } from "../../inference/testing/toy-provider";
import type { ReceivedBody } from "../protocol";
import { LOAD, fakeLink } from "../testing/fake-link";
import { JobClient } from "./client";
import { JobServer } from "./server";

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
