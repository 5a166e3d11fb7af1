import { expect, it, vi } from "vitest";
import { type Did, MicrogridError } from "../../core";
import { OFFER, toyRequest } from "../../inference/testing/toy-provider";
import type { Member } from "../links/member";
import type { RoomFrameBody } from "../protocol";
import { RemotePeer } from "./remote-peer";

const LOAD: RoomFrameBody<"heartbeat">["load"] = { running: 0, queued: 0, tokenRate: 0, visible: true };
const HEARTBEAT: RoomFrameBody<"heartbeat"> = {
  name: "Ada",
  device: "laptop",
  gpu: "",
  sharing: true,
  load: LOAD,
  offers: [
    { ...OFFER, model: "toy" },
    { ...OFFER, model: "other" },
  ],
};

/** A linked peer, and the id of each job that it is sent. */
function linkedPeer() {
  const asked: string[] = [];
  const link = {
    open: true,
    closed: new Promise<string>(() => undefined),
    markBusy: () => () => undefined,
    post: () => undefined,
    send: async (_: string, { id }: { id: string }) => void asked.push(id),
    rttMs: 1,
  };
  const member = { link } as unknown as Member;
  const peer = new RemotePeer("did:key:ada" as Did, { linkTo: vi.fn(), standing: () => undefined }, () => true);
  peer.attach(member);
  peer.update(HEARTBEAT);
  return { peer, asked, jobs: peer.jobsOver(member)! };
}

const models = (peer: RemotePeer): string[] => peer.models().map(({ model }) => model);

/** Asks for an answer that `end` ends, and returns the models that the peer is believed to offer then. */
async function modelsAfter(end: (jobs: ReturnType<typeof linkedPeer>["jobs"], id: string) => void) {
  const { peer, asked, jobs } = linkedPeer();
  const answer = peer.generate(toyRequest(3), { signal: new AbortController().signal }).next();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  end(jobs, asked[0]!);
  await expect(answer).rejects.toBeInstanceOf(MicrogridError);
  return { peer, models: models(peer) };
}

it.each([
  ["refuses a model that it no longer has", "unknown-model", ["other"]],
  ["does not share any more", "policy", []],
  ["is about to leave", "draining", []],
  ["has enough to do", "busy", ["toy", "other"]],
] as const)("a peer that %s is believed at once", async (_, reason, expected) => {
  const { models } = await modelsAfter((jobs, id) => jobs.refused({ id, reason, load: LOAD }));
  expect(models).toEqual(expected);
});

it.each([
  ["lost the model before it answered", "model-not-loaded", ["other"]],
  ["paused sharing while the answer waited", "paused", []],
  ["failed for a reason of its own", "internal", ["toy", "other"]],
] as const)("a peer that %s offers what is left", async (_, code, expected) => {
  const { models } = await modelsAfter((jobs, id) => jobs.failed({ id, code, message: "It is gone." }));
  expect(models).toEqual(expected);
});

it("is asked again for a model once its heartbeat names it again", async () => {
  const { peer } = await modelsAfter((jobs, id) => jobs.failed({ id, code: "model-not-loaded", message: "Gone." }));
  peer.update(HEARTBEAT);
  expect(models(peer)).toEqual(["toy", "other"]);
});

it("counts as busy as it says when it refuses", async () => {
  const { peer } = await modelsAfter((jobs, id) =>
    jobs.refused({ id, reason: "busy", load: { ...LOAD, running: 2, queued: 0 } }),
  );
  expect(peer.heartbeat?.load).toMatchObject({ running: 2, queued: 1 });
});
