/** Vectors from a peer: the two sides of a job for embeddings, joined by a link that encodes every frame. */
import { describe, expect, it, vi } from "vitest";
import { decodeCbor, encodeCbor } from "../../core";
import type { EmbeddingRequest } from "../../inference";
import { ToyProvider, VECTOR_OFFER, toyVector } from "../../inference/testing/toy-provider";
import { parseFrame } from "../../wire/frames";
import { MAX_JOB_INPUTS, MAX_REQUEST_BYTES } from "../constants";
import { CharterGuard } from "../membership";
import { ROOM_FRAMES, type RoomFrame, type RoomFrameBody, type RoomLink } from "../protocol";
import { JobClient } from "./client";
import { JobServer, type SharedModels } from "./server";

const LOAD: RoomFrameBody<"heartbeat">["load"] = { running: 0, queued: 0, tokenRate: 0, visible: true };
const options = { signal: new AbortController().signal, privacy: "room", deadlineMs: 60_000 } as const;

/** A consumer and a provider, and every frame that has crossed between them. */
function pair({ models = new Set(["vectors"]) }: Partial<SharedModels> = {}) {
  const toy = new ToyProvider();
  toy.offers = [VECTOR_OFFER];
  const kinds: string[] = [];
  const state = { accused: undefined as string | undefined };
  let close = (_: string): void => undefined;
  const closed = new Promise<string>((resolve) => (close = resolve));
  const linkTo = (receive: (frame: RoomFrame) => void): RoomLink => {
    const send = async (kind: string, body: unknown): Promise<void> => {
      kinds.push(kind);
      const frame = parseFrame(ROOM_FRAMES, { kind, body: encodeCbor(body) });
      queueMicrotask(() => receive(frame));
    };
    const link = { did: "did:key:peer", open: true, closed, markBusy: () => () => undefined, send };
    const accuse = (reason: string): void => void (state.accused = reason);
    return { ...link, post: (kind: string, body: unknown) => void send(kind, body), accuse } as unknown as RoomLink;
  };
  const toProvider = linkTo((frame) => {
    if (frame.kind === "job.embed") server.request(toConsumer, frame.body);
    if (frame.kind === "job.cancel") server.cancel(toConsumer, frame.body);
  });
  const toConsumer = linkTo((frame) => {
    if (frame.kind === "job.accepted") client.accepted(frame.body);
    if (frame.kind === "job.refused") client.refused(frame.body);
    if (frame.kind === "job.failed") client.failed(frame.body);
    if (frame.kind === "job.vectors") client.vectors(frame.body);
  });
  const server = new JobServer({
    provider: toy,
    sharing: () => ({ maxJobs: 1, models }),
    load: () => LOAD,
    branchOf: ({ did }) => did,
    forbids: () => undefined,
    onChange: () => undefined,
    onRefused: () => undefined,
  });
  const client = new JobClient(toProvider);
  const ask = (inputs: EmbeddingRequest["inputs"], more: Partial<typeof options> & { dimensions?: number } = {}) => {
    const { dimensions, ...rest } = more;
    const request = { model: "vectors", inputs, ...(dimensions !== undefined && { dimensions }) };
    return client.embed(request, { ...options, ...rest });
  };
  return { toy, server, client, ask, kinds, state, close };
}

describe("a job for embeddings", () => {
  it("brings the vectors of all inputs, in order", async () => {
    const { ask, kinds, server } = pair();
    const inputs = ["hello", "猫", [7, 8, 9]];
    expect(await ask(inputs)).toEqual({
      ...{ dimensions: 2, promptTokens: 3, vectors: Float32Array.from(inputs.flatMap(toyVector)) },
    });
    expect(kinds).toEqual(["job.embed", "job.accepted", "job.vectors"]);
    await vi.waitFor(() => expect(server.running).toBe(0));
  });

  it("is refused for a model that is not shared, and fails with the provider's error", async () => {
    await expect(pair({ models: new Set() }).ask(["a"])).rejects.toMatchObject({ reason: "unknown-model" });
    const { ask, toy } = pair();
    toy.embed = () => Promise.reject(new Error("out of order"));
    await expect(ask(["a"])).rejects.toMatchObject({
      loss: "engine",
      message: expect.stringContaining("out of order") as string,
    });
  });

  it("is cancelled at the peer by an abort", async () => {
    const { ask, toy, kinds, server } = pair();
    const stopped = vi.fn();
    toy.embed = (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => {
          stopped();
          reject(signal.reason as Error);
        }),
      );
    const abort = new AbortController();
    const asked = ask(["a"], { signal: abort.signal });
    await vi.waitFor(() => expect(server.running).toBe(1));
    abort.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await vi.waitFor(() => expect(stopped).toHaveBeenCalledOnce());
    expect(kinds.at(-1)).toBe("job.cancel");
  });

  it("is lost with the link", async () => {
    const { ask, toy, close } = pair();
    toy.beforeToken = () => new Promise(() => undefined);
    const asked = ask(["a"]);
    close("it went away");
    await expect(asked).rejects.toMatchObject({ loss: "disconnected" });
  });

  it.each([
    ["too few vectors", { dimensions: 2, vectors: new Float32Array(2) }],
    ["numbers that are not finite", { dimensions: 1, vectors: Float32Array.of(1, NaN) }],
  ])("ends the link of a peer that sends %s", async (_, lie) => {
    const { ask, toy, state, close } = pair();
    toy.embed = () => Promise.resolve({ ...lie, promptTokens: 1 });
    const asked = ask(["a", "b"]);
    asked.catch(() => undefined);
    await vi.waitFor(() => expect(state.accused).toMatch(/vectors/));
    close("accused");
    await expect(asked).rejects.toThrow();
  });

  it("ends the link of a peer that gives other dimensions than were asked for", async () => {
    const { ask, state } = pair();
    void ask(["a"], { dimensions: 1 }).catch(() => undefined);
    await vi.waitFor(() => expect(state.accused).toMatch(/vectors/));
  });

  it("does not begin with more than a frame can carry", async () => {
    await expect(
      pair().ask(["x".repeat(MAX_REQUEST_BYTES / 2), "y".repeat(MAX_REQUEST_BYTES / 2)]),
    ).rejects.toMatchObject({
      code: "context-exceeded",
    });
    const frame = {
      id: "0".repeat(32),
      privacy: "room",
      deadlineMs: 1,
      request: { model: "m", inputs: [] as string[] },
    };
    const read = (count: number) => {
      const body = { ...frame, request: { ...frame.request, inputs: new Array<string>(count).fill("a") } };
      return parseFrame(ROOM_FRAMES, { kind: "job.embed", body: encodeCbor(decodeCbor(encodeCbor(body))) });
    };
    expect(read(MAX_JOB_INPUTS).kind).toBe("job.embed");
    expect(() => read(MAX_JOB_INPUTS + 1)).toThrow(/makes no sense/);
    expect(() => read(0)).toThrow(/makes no sense/);
  });
});

it("the rules of a room count vectors as an answer, whose length is not limited", () => {
  const terms = { models: "any", limits: { tokensPerAnswer: 5, answersPerHour: 1 }, contribution: "welcome" };
  const guard = new CharterGuard(() => terms as never);
  const consumer = { did: "did:key:peer" as never, running: 0, shares: false };
  expect(guard.check({ model: "vectors", inputs: ["a"] }, consumer)).toBeUndefined();
  expect(guard.check({ model: "vectors", inputs: ["a"] }, consumer)).toBe("answersPerHour");
});
