/** Only the handshake turns a connection into a link; a link carries frames and reports why it ends. */
import * as v from "valibot";
import { describe, expect, it, vi } from "vitest";
import { type Bytes, cborField, encodeCbor, randomBytes } from "../core";
import { makeEphemeralKey } from "../identity";
import { HANDSHAKE_TIMEOUT_MS, MAX_EARLY_BYTES, MAX_EARLY_FRAMES, PING_RATE } from "./constants";
import { frameToMessages } from "./framing";
import type { Credentials } from "./handshake";
import { HandshakeInbox } from "./handshake-inbox";
import { authenticate } from "./authenticate";
import type { Lane } from "./lane";
import { Link } from "./link";
import type { RawLink } from "./transport";
import { type MemoryLink, memoryLinkPair } from "./testing/memory-transport";

const TABLE = {
  note: {
    schema: v.strictObject({ text: v.string() }),
    maxBytes: 100_000,
    rate: { burst: 100, perSecond: 0 },
  },
};
const secret = randomBytes(32);

async function credentials(): Promise<Credentials> {
  const claim: Credentials["claim"] = { kind: "member", epoch: 0, secretOf: () => secret };
  return { signer: await makeEphemeralKey(), roomId: "room", agent: "test/1", claim };
}

async function establish(raw: RawLink, own: Credentials): Promise<Link<typeof TABLE>> {
  return new Link(await authenticate(raw, own), TABLE);
}

async function connect([a, b]: [MemoryLink, MemoryLink]): Promise<PromiseSettledResult<Link<typeof TABLE>>[]> {
  const [ours, theirs] = [await credentials(), await credentials()];
  return Promise.allSettled([establish(a, ours), establish(b, theirs)]);
}

async function connected(): Promise<{
  links: [Link<typeof TABLE>, Link<typeof TABLE>];
  raw: [MemoryLink, MemoryLink];
}> {
  const raw = memoryLinkPair();
  const results = await connect(raw);
  const [a, b] = results.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  if (!a || !b) throw new Error(JSON.stringify(results));
  return { links: [a, b], raw };
}

describe("a link", () => {
  it("ends when all frames together have more items than one peer may send, whatever their kinds and channels", async () => {
    const limits = { maxBytes: 200_000, rate: { burst: 100, perSecond: 0 } };
    const list = { one: { schema: v.strictObject({ ids: v.array(v.number()) }), ...limits } };
    const raw = memoryLinkPair();
    const [ours, theirs] = [await credentials(), await credentials()];
    const lines = await Promise.all([authenticate(raw[0], ours), authenticate(raw[1], theirs)]);
    const [a, b] = lines.map((line) => new Link(line, list)) as [Link<typeof list>, Link<typeof list>];
    const [there, here] = [a, b].map((link) => link.lane("stage", list)) as [Lane<typeof list>, Lane<typeof list>];
    const got = vi.fn();
    b.listen(got);
    here.listen(got);
    const body = { ids: new Array<number>(190_000).fill(1) };
    // Five frames each are within the budget of 2,000,000 items; one more is not.
    for (let i = 0; i < 5; i++) await Promise.all([a.send("one", body), there.send("one", body)]);
    await vi.waitFor(() => expect(got).toHaveBeenCalledTimes(10));
    expect(b.open).toBe(true);
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now);
    for (let i = 0; i < 10; i++) await a.send("one", body).catch(() => undefined);
    expect(await b.closed).toContain("more items");
    vi.restoreAllMocks();
  });

  it.each(["the link", "a lane"])(
    "ends, with the reason, when handling the frames of %s takes too long",
    async (over) => {
      const { links } = await connected();
      const lanes = links.map((link) => link.lane("stage", TABLE)) as [Lane<typeof TABLE>, Lane<typeof TABLE>];
      const [from, to] = over === "a lane" ? lanes : links;
      let now = performance.now();
      vi.spyOn(performance, "now").mockImplementation(() => now);
      const got = vi.fn(() => void (now += 1_000));
      to.listen(got);
      for (let sent = 0; sent < 50; sent++) await from.send("note", { text: "" }).catch(() => undefined);
      const reason = await links[0].closed;
      vi.restoreAllMocks();
      expect(reason).toContain("more than this device has time to read");
      expect(links[1].accused).toBe(true);
      expect(got.mock.calls.length).toBeLessThan(20);
    },
  );

  it("drops a frame that its receiver does not want by its encoded body, before it is decoded", async () => {
    const { links, raw } = await connected();
    const got: string[] = [];
    // The second entry is not in the schema: decoding the frame would end the link.
    const unwanted = encodeCbor({ text: "unwanted", other: 1 });
    for (const message of frameToMessages("note", unwanted)) raw[0].control.send(message);
    await links[0].send("note", { text: "wanted" });
    // The same counts for a frame that came before there was a listener.
    await new Promise((resolve) => setTimeout(resolve));
    links[1].listen(
      (frame) => got.push(frame.body.text),
      ({ body }) => cborField(body, ["text"]) !== "unwanted",
    );
    expect(got).toEqual(["wanted"]);
    for (const message of frameToMessages("note", unwanted)) raw[0].control.send(message);
    await links[0].send("note", { text: "also wanted" });
    await vi.waitFor(() => expect(got).toEqual(["wanted", "also wanted"]));
    expect(links[1].open).toBe(true);
  });

  it("keeps frames for its next listener while it is paused, and decodes none of them", async () => {
    const { links, raw } = await connected();
    const got: string[] = [];
    links[1].listen((frame) => {
      got.push(frame.body.text);
      links[1].pause();
    });
    for (const text of ["one", "two"]) await links[0].send("note", { text });
    for (const message of frameToMessages("note", encodeCbor({ other: 1 }))) raw[0].control.send(message);
    await new Promise((resolve) => setTimeout(resolve));
    expect(got).toEqual(["one"]);
    expect(links[1].open).toBe(true);
    links[1].listen((frame) => got.push(frame.body.text));
    expect(got).toEqual(["one", "two"]);
    expect(await links[0].closed).toContain("makes no sense");
  });

  it("counts the time of frames that nobody has asked for, and ends when the peer goes on although nothing is left", async () => {
    const { links } = await connected();
    const spend = vi.fn(() => false);
    const got = vi.fn();
    links[1].listen(got, () => "asked");
    // Nobody asks for pings either, and the first ones are over then.
    await vi.waitFor(() => expect(links.map(({ rttMs }) => rttMs)).not.toContain(undefined));
    links[1].bound({ isLeft: false, spend });
    await links[0].send("note", { text: "asked" });
    await vi.waitFor(() => expect(got).toHaveBeenCalled());
    expect([spend.mock.calls.length, links[1].open]).toEqual([0, true]);
    links[1].listen(got);
    await links[0].send("note", { text: "unasked" });
    expect(await links[1].closed).toContain("more than this device has time to read unasked");
    expect(links[1].accused).toBe(true);
  });
});

describe("a lane", () => {
  it("carries frames of its own table, beside those of the link", async () => {
    const { links } = await connected();
    const [a, b] = links.map((link) => link.lane("stage", TABLE)) as [Lane<typeof TABLE>, Lane<typeof TABLE>];
    const got = vi.fn();
    b.listen(got);
    await a.send("note", { text: "x".repeat(90_000) });
    await vi.waitFor(() => expect(got).toHaveBeenCalledOnce());
    links[0].close("enough");
    await expect(a.send("note", { text: "late" })).rejects.toMatchObject({ code: "peer-lost" });
  });

  it("keeps frames that arrive before there is a listener, up to a limit", async () => {
    const { links } = await connected();
    const [a, b] = links.map((link) => link.lane("stage", TABLE)) as [Lane<typeof TABLE>, Lane<typeof TABLE>];
    const texts = Array.from({ length: 9 }, (_, i) => String(i).repeat(90_000));
    for (const text of texts) await a.send("note", { text });
    // The in-memory connection delivers each message in its own task, in order: all have arrived now.
    await new Promise((resolve) => setTimeout(resolve));
    const got: string[] = [];
    b.listen((frame) => got.push(frame.body.text));
    expect(got).toEqual(texts.slice(0, Math.floor(MAX_EARLY_BYTES / 90_000)));
    await a.send("note", { text: "later" });
    await vi.waitFor(() => expect(got.at(-1)).toBe("later"));
  });

  it("ends the link of a peer that breaks its rules", async () => {
    const { links, raw } = await connected();
    links[1].lane("stage", TABLE);
    for (const message of frameToMessages("other", encodeCbor({}))) raw[0].stage.send(message);
    await vi.waitFor(() => expect(links[1].accused).toBe(true));
    expect(await links[0].closed).toMatch(/unknown kind "other"/);
  });
});

describe("authentication", () => {
  it("reads nothing but the handshake before it has succeeded", async () => {
    const [a, b] = memoryLinkPair();
    for (const message of frameToMessages("note", encodeCbor({ text: "hi" }))) b.control.send(message);
    expect((await connect([a, b]))[0]).toMatchObject({ status: "rejected", reason: { code: "peer-protocol" } });
  });

  it("refuses a version that this program does not support", async () => {
    const [a, b] = memoryLinkPair();
    const m1 = encodeCbor({ versions: [7], epoch: 0, nonce: randomBytes(32) });
    for (const message of frameToMessages("m1", m1)) b.control.send(message);
    await expect(establish(a, await credentials())).rejects.toThrow(/a different version/);
  });

  it("refuses a peer that sends more frames than a handshake has, and keeps none of them", async () => {
    const inbox = new HandshakeInbox();
    for (let sent = 0; sent < 1000; sent++) inbox.push({ kind: "m1", body: new Uint8Array(256) });
    for (let kept = 0; kept < 3; kept++) await inbox.receive("m1");
    await expect(inbox.receive("m1")).rejects.toThrow(/floods/);
  });

  it("times out, whichever frame is missing", async () => {
    vi.useFakeTimers();
    const [silent, stuck] = [memoryLinkPair()[0], memoryLinkPair()[0]];
    stuck.fingerprints = () => new Promise(() => undefined);
    const ends = [establish(silent, await credentials()), establish(stuck, await credentials())];
    const expected = ends.map((end) => expect(end).rejects.toThrow(/within 10 s/));
    await vi.advanceTimersByTimeAsync(HANDSHAKE_TIMEOUT_MS);
    await Promise.all(expected);
    expect(await silent.closed).toMatch(/handshake failed/);
    vi.useRealTimers();
  });
});

describe("link", () => {
  it("carries frames in order, including long ones and those that arrive before the listener", async () => {
    const { links } = await connected();
    const texts = ["first", "x".repeat(90_000), "last"];
    for (const text of texts) void links[0].send("note", { text });
    const received: string[] = [];
    await new Promise<void>((resolve) => {
      setTimeout(() =>
        links[1].listen((frame) => {
          received.push(frame.body.text);
          if (received.length === texts.length) resolve();
        }),
      );
    });
    expect(received).toEqual(texts);
  });

  it("sends the other side its reason for leaving, and rejects later sends", async () => {
    const { links } = await connected();
    links[0].close("the room was left");
    expect(await links[1].closed).toBe("the room was left");
    await expect(links[1].send("note", { text: "late" })).rejects.toMatchObject({ code: "peer-lost" });
    await expect(links[0].send("note", { text: "late" })).rejects.toMatchObject({ code: "peer-lost" });
  });

  it.each<[string, () => Bytes[]]>([
    ["garbage", () => [randomBytes(100)]],
    ["a frame that does not fit its schema", () => frameToMessages("note", encodeCbor({ text: 5 }))],
    ["a frame of an unknown kind", () => frameToMessages("constructor", encodeCbor({}))],
    ["an oversized frame", () => frameToMessages("note", new Uint8Array(100_001)).slice(0, 1)],
  ])("ends on %s", async (_name, messages) => {
    const { links, raw } = await connected();
    links[1].listen(() => undefined);
    for (const message of messages()) raw[0].control.send(message);
    expect(await links[1].closed).toMatch(/peer|sent/i);
    expect(await links[0].closed).toMatch(/peer/i);
  });

  it("ends on a flood, names its kind, and reads nothing beyond the limit", async () => {
    const { links, raw } = await connected();
    const read: string[] = [];
    links[1].listen((frame) => read.push(frame.body.text));
    for (let i = 0; i < TABLE.note.rate.burst; i++) void links[0].send("note", { text: String(i) });
    // Only its head has arrived, and its body would be unreadable: the reason shows that the body was not read.
    raw[0].control.send(frameToMessages("note", new Uint8Array(99_999).fill(255))[0]!);
    const reason = /floods this device: it sent more note messages than 100 at once and 0 a second/;
    expect(await links[1].closed).toMatch(reason);
    expect(await links[0].closed).toMatch(reason);
    expect(read).toEqual(Array.from({ length: TABLE.note.rate.burst }, (_, i) => String(i)));
  });

  it("ends when more frames arrive than this node reads", async () => {
    const { links } = await connected();
    for (let i = 0; i <= MAX_EARLY_FRAMES; i++) void links[0].send("note", { text: "" });
    expect(await links[1].closed).toMatch(/more than this node reads/);
  });

  it("ends on a flood of its own frames too", async () => {
    const { links, raw } = await connected();
    const ping = frameToMessages("ping", encodeCbor({ n: 1 }));
    for (let i = 0; i <= PING_RATE.burst; i++) for (const message of ping) raw[0].control.send(message);
    expect(await links[1].closed).toMatch(/more ping messages/);
  });

  it("measures the round trip", async () => {
    const { links } = await connected();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(links[0].rttMs).toBeGreaterThan(0);
  });
});
