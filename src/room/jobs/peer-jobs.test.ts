/** Jobs over the links of a room: answers, queues, refusals, and the end of a peer. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MicrogridError } from "../../core";
import { letters, toyRequest } from "../../inference/testing/toy-provider";
import { MemorySignaling } from "../../wire/testing/memory-transport";
import type { RoomSession } from "../room-session";
import { type TestNode, TestNodes, collect, eventually, together } from "../testing/nodes";

const live = () => ({ signal: new AbortController().signal });

describe("jobs between peers", () => {
  let nodes: TestNodes;
  beforeEach(() => (nodes = new TestNodes(new MemorySignaling())));
  afterEach(() => nodes.leave());

  async function pair(maxJobs = 2): Promise<{ asker: TestNode; worker: TestNode; peer: RoomSession["peers"][number] }> {
    const asker = await nodes.open();
    const worker = await nodes.enter(asker.invite);
    await together([asker, worker]);
    worker.session.share({ maxJobs, models: new Set(["toy"]) }, false);
    await eventually(() => expect(asker.session.peers[0]?.models()).toHaveLength(1));
    return { asker, worker, peer: asker.session.peers[0]! };
  }

  it("stream the answer whole", async () => {
    const { peer } = await pair();
    expect(await collect(peer.generate(toyRequest(100), live()))).toBe(letters(100));
  });

  it("stop the work at the peer when the reader leaves early, or aborts", async () => {
    const { peer, worker } = await pair();
    worker.toy.beforeToken = () => new Promise((resolve) => setTimeout(resolve, 2));
    for await (const event of peer.generate(toyRequest(10_000), live())) if (event.type === "token") break;
    await eventually(() => expect(worker.toy.stopped).toBe(1));
    const abort = new AbortController();
    const answer = collect(peer.generate(toyRequest(10_000), { signal: abort.signal }));
    await eventually(() => expect(worker.toy.started).toBe(2));
    abort.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    await eventually(() => expect(worker.toy.stopped).toBe(2));
  });

  it("fail with `peer-lost` when the peer leaves", async () => {
    const { peer, worker } = await pair();
    worker.toy.beforeToken = (position) => (position < 3 ? Promise.resolve() : new Promise(() => undefined));
    let text = "";
    const read = async (): Promise<void> => {
      for await (const event of peer.generate(toyRequest(10), live())) {
        if (event.type === "token") text += event.text;
        if (text.length === 3) worker.session.leave();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "peer-lost" });
    expect(text).toBe(letters(3));
  });

  it("are refused when nothing is shared, and the refusal corrects the offer", async () => {
    const { peer, worker } = await pair();
    // The heartbeat that would say so has not gone out yet.
    worker.session.share(undefined, true);
    await expect(collect(peer.generate(toyRequest(3), live()))).rejects.toMatchObject({
      code: "peer-refused",
      reason: "policy",
    });
    expect(peer.models()).toEqual([]);
  });

  it("wait in turn beyond the limit, with their place in the queue", async () => {
    const { peer, worker } = await pair(1);
    let release: () => void = () => undefined;
    worker.toy.beforeToken = () => new Promise((resolve) => (release = resolve));
    const first = collect(peer.generate(toyRequest(1), live()));
    await eventually(() => expect(worker.toy.started).toBe(1));
    const second = peer.generate(toyRequest(1), live());
    expect(await second.next()).toMatchObject({ value: { type: "queued", position: 1 } });
    worker.toy.beforeToken = async () => {};
    release();
    expect(await first).toBe("a");
    expect(await collect(second)).toBe("a");
  });

  it("go elsewhere from the queue when sharing pauses, and start when more may run", async () => {
    const { peer, worker } = await pair(1);
    let release: () => void = () => undefined;
    worker.toy.beforeToken = () => new Promise((resolve) => (release = resolve));
    const first = collect(peer.generate(toyRequest(1), live()));
    await eventually(() => expect(worker.toy.started).toBe(1));
    const second = peer.generate(toyRequest(1), live());
    expect(await second.next()).toMatchObject({ value: { type: "queued", position: 1 } });
    worker.session.share(undefined, false);
    await expect(collect(second)).rejects.toMatchObject({ code: "peer-lost" });
    worker.session.share({ maxJobs: 1, models: new Set(["toy"]) }, false);
    const third = collect(peer.generate(toyRequest(1), live()));
    worker.toy.beforeToken = async () => {};
    worker.session.share({ maxJobs: 2, models: new Set(["toy"]) }, false);
    expect(await third).toBe("a");
    release();
    expect(await first).toBe("a");
  });

  it("end the link when more tokens come than were requested", async () => {
    const { peer, worker, asker } = await pair();
    worker.toy.generate = async function* () {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve));
        yield { type: "token", ids: [1], text: "x" };
      }
    };
    await expect(collect(peer.generate(toyRequest(5), live()))).rejects.toMatchObject({ code: "peer-lost" });
    await eventually(() => expect(asker.session.peers).toEqual([]));
  });

  it("are refused on this side if the peer would treat them as a violation", async () => {
    const { peer, asker } = await pair();
    await expect(collect(peer.generate(toyRequest(3_000_000), live()))).rejects.toMatchObject({ code: "bad-request" });
    const long = { ...toyRequest(5), messages: [{ role: "user" as const, content: "x".repeat(3_000_000) }] };
    const refused = { code: "context-exceeded", field: "messages" };
    await expect(collect(peer.generate(long, live()))).rejects.toMatchObject(refused);
    expect(await collect(asker.session.peers[0]!.generate(toyRequest(5), live()))).toBe(letters(5));
  });

  it("are refused by the engine of the peer for a part of the request, and go on without a name that is too long", async () => {
    const { peer, worker } = await pair();
    for (const [field, told] of [
      ["template.colour", "template.colour"],
      ["x".repeat(1_000), undefined],
    ] as const) {
      worker.toy.beforeToken = () => Promise.reject(new MicrogridError("bad-request", "No.", { field }));
      const refused = { code: "bad-request", message: "No.", field: told };
      await expect(collect(peer.generate(toyRequest(1), live()))).rejects.toMatchObject(refused);
    }
  });

  it("are refused as busy beyond the queue", async () => {
    const { peer, worker } = await pair(1);
    worker.toy.beforeToken = () => new Promise(() => undefined);
    const abort = new AbortController();
    const answers = Array.from({ length: 12 }, () => collect(peer.generate(toyRequest(1), { signal: abort.signal })));
    const outcomes = Promise.allSettled(answers);
    await expect(
      Promise.any(answers.map((answer) => answer.then(Promise.reject.bind(Promise), (error: unknown) => error))),
    ).resolves.toMatchObject({
      reason: "busy",
    });
    abort.abort();
    const reasons = (await outcomes).map((outcome) =>
      outcome.status === "rejected" ? (outcome.reason as Error).name : "ok",
    );
    expect(reasons).toContain("AbortError");
  });
});
