/** A member that sends as much of any kind of frame as it may, on any channel, takes little of the thread or loses its link. */
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeCbor } from "../../src/core";
import { makeEphemeralKey } from "../../src/identity";
import { Membership, readToken } from "../../src/room/membership";
import { STAGE_FRAMES } from "../../src/room/frames/stage";
import { ROOM_FRAMES } from "../../src/room/protocol";
import type { StageHandlers } from "../../src/room";
import { memberContext } from "../../src/room/testing/founding";
import { hostileLine } from "../../src/room/testing/hostile";
import { TestNodes, eventually } from "../../src/room/testing/nodes";
import { Link } from "../../src/wire";
import { frameToMessages } from "../../src/wire/framing";
import type { FrameTable } from "../../src/wire/frames";
import { LinkBudget } from "../../src/wire/link-budget";
import { MemorySignaling } from "../../src/wire/testing/memory-transport";
import { fatBodies } from "../fuzz/fat-bodies";
import { TABLES } from "../fuzz/tables";

/** The tables of a link between members, and their channels. */
const CHANNELS = {
  LINK_FRAMES: "control",
  ROOM_FRAMES: "control",
  STAGE_FRAMES: "stage",
  BULK_FRAMES: "bulk",
} as const;
/** The tables of links that end after one exchange. */
const BRIEF = ["DOOR_FRAMES", "EPOCH_FRAMES"] as const;

const SECONDS = 60;
/** Bodies of this length have long lists already. */
const MAX_BODY_BYTES = 2_000;
/** More would only end the link sooner. */
const MOST_PER_SECOND = 400;
/** Each frame takes so much of the thread, which is much more than what most of them cost. */
const FRAME_MS = 0.5;
/** A node hears of the whole room when it is new there, and has more time for it. */
const NOT_NEW_MS = 60_000;
const MAX_SHARE = 0.05;

let nodes: TestNodes;
beforeEach(() => (nodes = new TestNodes(new MemorySignaling())));
afterEach(() => {
  vi.restoreAllMocks();
  nodes.leave();
});

/** A member that gives weights and holds layers, and a link of a hostile one to it. */
async function attacked() {
  const victim = await nodes.open();
  const { stages, weights } = victim.session.inside!;
  stages.handle(Object.fromEntries(Object.keys(STAGE_FRAMES).map((kind) => [kind, () => undefined])) as StageHandlers);
  weights.open = () => Promise.resolve(undefined);
  const own = new Membership(memberContext(victim.signer), victim.parts);
  const hostile = await makeEphemeralKey();
  const { proof } = await own.admit(hostile.did, undefined, { token: await readToken(victim.invite.token.signed) });
  const line = await hostileLine(nodes.signaling, victim.parts, hostile, { direct: true });
  const link = new Link(line, ROOM_FRAMES);
  const { version, hash } = own.charter;
  link.post("hello", { session: "0".repeat(32), bootstrap: false, proof, charter: { version, hash } });
  link.post("members", { peers: [] });
  await eventually(() => expect(victim.session.inside!.links).toBe(1));
  // Answers are of no interest here, but a side that reads nothing loses the link, too.
  for (const channel of Object.values(CHANNELS)) line.raw[channel].listen(() => undefined);
  return { link, raw: line.raw };
}

/** Floods with frames of one kind. Returns the share of the thread that its messages took, until the link ended if it did. */
async function flood(channel: "control" | "stage" | "bulk", kind: string, spec: FrameTable[string]): Promise<number> {
  const { link, raw } = await attacked();
  let now = performance.now() + NOT_NEW_MS;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  let takenMs = 0;
  const spend = Object.getOwnPropertyDescriptor(LinkBudget.prototype, "spend")!.value as LinkBudget["spend"];
  vi.spyOn(LinkBudget.prototype, "spend").mockImplementation(function (this: LinkBudget, bytes, work) {
    takenMs += FRAME_MS;
    spend.call(this, bytes, () => {
      now += FRAME_MS;
      work();
    });
  });
  const { rate, schema, maxBytes } = spec;
  const bodies = fatBodies({ ...spec, maxBytes: Math.min(maxBytes, MAX_BODY_BYTES) });
  const all = bodies.filter((body) => v.is(schema, body)).map((body) => frameToMessages(kind, encodeCbor(body)));
  for (let second = 0, sent = 0; second < SECONDS && link.open; second++) {
    const due = Math.min(MOST_PER_SECOND, Math.floor(rate.burst + rate.perSecond * second) - sent);
    for (const end = sent + due; sent < end; sent++)
      for (const message of all[sent % all.length]!) raw[channel].send(message);
    await new Promise((resolve) => setTimeout(resolve));
    now += 1_000;
  }
  return takenMs / (1_000 * SECONDS);
}

describe.each(Object.entries(CHANNELS))(
  "frames of %s, as many as their rates allow, on the channel %s",
  (name, channel) => {
    const table: FrameTable = TABLES[name as keyof typeof CHANNELS];
    it.each(Object.keys(table))("take little of the thread, or end the link: %s", async (kind) => {
      expect(await flood(channel, kind, table[kind]!)).toBeLessThan(MAX_SHARE);
    });
  },
);

it("frames of all other tables come once", () => {
  expect([...Object.keys(CHANNELS), ...BRIEF].sort()).toEqual(Object.keys(TABLES).sort());
  const rates = BRIEF.flatMap((name) => Object.values(TABLES[name] as FrameTable).map(({ rate }) => rate));
  for (const { burst, perSecond } of rates) expect([burst, perSecond <= 0.1]).toEqual([1, true]);
});
