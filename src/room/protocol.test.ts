/** The schemas of frames between members refuse malformed bodies. */
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { makeEphemeralKey } from "../identity";
import { OFFER } from "../inference/testing/toy-provider";
import { ROOM_FRAMES } from "./protocol";

const { did } = await makeEphemeralKey();
/** As long as a DID of Ed25519, but of another kind of key (X25519). */
const other = did.replace("did:key:z6Mk", "did:key:z6LS");
const relayed = { from: did, to: did, id: "0".repeat(32), kind: "offer", text: "" } as const;

describe("DIDs in frames", () => {
  it.each([other, did.slice(0, -1), `${did}1`, did.replace("did:key:", ""), ""])("must be of a node: %j", (strange) => {
    const members = (peer: string) => ({ peers: [{ did: peer }] });
    expect(v.is(ROOM_FRAMES.members.schema, members(did))).toBe(true);
    expect(v.is(ROOM_FRAMES.members.schema, members(strange))).toBe(false);
    expect(v.is(ROOM_FRAMES.relay.schema, relayed)).toBe(true);
    expect(v.is(ROOM_FRAMES.relay.schema, { ...relayed, from: strange })).toBe(false);
    expect(v.is(ROOM_FRAMES.relay.schema, { ...relayed, to: strange })).toBe(false);
  });
});

describe("requests in frames", () => {
  const asked = { id: "0".repeat(16), privacy: "room", deadlineMs: 1 };
  const request = { model: "m", messages: [{ role: "user", content: "Hello" }], sampling: {}, maxTokens: 1 };
  const accepts = (changes: object): boolean =>
    v.is(ROOM_FRAMES["job.request"].schema, { ...asked, request: { ...request, ...changes } });

  it("have a conversation, a name of usual length, and no fields that this version does not know", () => {
    expect(accepts({})).toBe(true);
    expect(accepts({ messages: [] })).toBe(false);
    expect(accepts({ model: "m".repeat(501) })).toBe(false);
    expect(accepts({ draft: "small" })).toBe(false);
  });
});

describe("what a node says of itself", () => {
  const load = { running: 0, queued: 0, tokenRate: 0, visible: true };
  const chat = { system: true, thinks: false, remembers: false };
  const offer = { ...OFFER, prefillRate: 1, chat };
  const heartbeat = { name: "a", device: "b", gpu: "", sharing: true, load, offers: [offer] };

  it("may have fields that only newer programs know, which are left out", () => {
    const newer = {
      ...heartbeat,
      new: 1,
      load: { ...load, new: 1 },
      offers: [{ ...offer, new: 1, chat: { ...chat, new: 1 } }],
    };
    expect(v.parse(ROOM_FRAMES.heartbeat.schema, newer)).toEqual(heartbeat);
    expect(v.is(ROOM_FRAMES.heartbeat.schema, { ...heartbeat, load: { ...load, running: -1 } })).toBe(false);
  });
});
