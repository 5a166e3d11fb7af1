/** Jobs of peers of which one may be greedy. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Bytes, type JobId, encodeCbor } from "../../core";
import { ToyProvider, toyRequest } from "../../inference/testing/toy-provider";
import { MAX_JOBS_PER_PEER } from "../constants";
import type { ReceivedBody } from "../protocol";
import { type FakeLink, LOAD, fakeLink } from "../testing/fake-link";
import { JobServer, type SharedModels } from "./server";

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
