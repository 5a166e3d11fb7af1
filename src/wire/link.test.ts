/** The handshake lets members in and nobody else; a link carries frames and ends loudly. */
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { type Bytes, encodeCbor, randomBytes } from "../core";
import { type Signer, makeEphemeralKey } from "../identity";
import { MAX_EARLY_FRAMES, PING_RATE } from "./constants";
import { frameToMessages } from "./framing";
import { type Credentials, tokenSecret } from "./handshake";
import { authenticate } from "./authenticate";
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

async function credentials(overrides: Partial<Credentials> = {}): Promise<Credentials> {
  return { signer: await makeEphemeralKey(), roomId: "room", agent: "test/1", standing: member(), ...overrides };
}

/** A member of an epoch that knows the secrets of all epochs up to it. */
function member(secrets: readonly Bytes[] = [secret]): Credentials["standing"] {
  return { kind: "member", epoch: secrets.length - 1, secretOf: (epoch) => secrets[epoch] };
}

async function establish(raw: RawLink, own: Credentials): Promise<Link<typeof TABLE>> {
  return new Link(await authenticate(raw, own), TABLE);
}

async function connect(
  [a, b]: [MemoryLink, MemoryLink],
  own: Partial<Credentials> = {},
  theirs: Partial<Credentials> = {},
): Promise<PromiseSettledResult<Link<typeof TABLE>>[]> {
  const [ours, other] = [await credentials(own), await credentials(theirs)];
  return Promise.allSettled([establish(a, ours), establish(b, other)]);
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

/** Both sides must have refused, and for this reason on at least one side. */
function expectRefused(results: PromiseSettledResult<unknown>[], why: RegExp): void {
  expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
  const messages = results.map((result) => (result.status === "rejected" ? String(result.reason) : ""));
  expect(messages.join("\n")).toMatch(why);
}

describe("handshake", () => {
  it("tells both sides who the other is", async () => {
    const [ada, bob]: [Signer, Signer] = [await makeEphemeralKey(), await makeEphemeralKey()];
    const results = await connect(memoryLinkPair(), { signer: ada }, { signer: bob, agent: "other/2" });
    expect(results.map((r) => r.status === "fulfilled" && r.value.peer)).toEqual([
      { did: bob.did, agent: "other/2", version: 1, epoch: 0, token: undefined },
      { did: ada.did, agent: "test/1", version: 1, epoch: 0, token: undefined },
    ]);
  });

  it("refuses another secret, room or epoch", async () => {
    expectRefused(
      await connect(memoryLinkPair(), {}, { standing: member([randomBytes(32)]) }),
      /does not know the room's secret/,
    );
    expectRefused(await connect(memoryLinkPair(), {}, { roomId: "another" }), /does not know the room's secret/);
    const later: Credentials["standing"] = { kind: "member", epoch: 1, secretOf: () => undefined };
    expectRefused(await connect(memoryLinkPair(), {}, { standing: later }), /another epoch/);
  });

  it("knows a member of an earlier epoch by that epoch's secret, and tells which it is in", async () => {
    const standing = member([secret, randomBytes(32)]);
    const results = await connect(memoryLinkPair(), {}, { standing });
    expect(results.map((r) => r.status === "fulfilled" && r.value.peer.epoch)).toEqual([1, 0]);
  });

  it("knows a guest by its token, whose secret every member can derive", async () => {
    const token = randomBytes(32);
    const guest: Credentials["standing"] = { kind: "guest", token, epoch: 0, secret: await tokenSecret(secret, token) };
    const results = await connect(memoryLinkPair(), {}, { standing: guest });
    expect(results.map((r) => r.status === "fulfilled" && r.value.peer.token)).toEqual([token, undefined]);
    expectRefused(await connect(memoryLinkPair(), { standing: guest }, { standing: guest }), /only a guest/);
    const forged = { ...guest, token: randomBytes(32) };
    expectRefused(await connect(memoryLinkPair(), {}, { standing: forged }), /does not know the room's secret/);
  });

  it("refuses a man in the middle, who shows each side a certificate of his own", async () => {
    const [a, b] = memoryLinkPair();
    // Each side sees the certificate of the one in between; the frames are relayed unchanged.
    a.fingerprints = async () => ({ local: a.local, remote: randomBytes(32) });
    expectRefused(await connect([a, b]), /tampered/);
  });

  it("refuses its own messages sent back", async () => {
    const [a] = memoryLinkPair();
    a.control.other = a.control;
    const result = await Promise.allSettled([establish(a, await credentials())]);
    expect(String((result[0] as PromiseRejectedResult).reason)).toMatch(/does not know the room's secret/);
  });

  it("refuses a node that claims to be this one", async () => {
    const signer = await makeEphemeralKey();
    expectRefused(await connect(memoryLinkPair(), { signer }, { signer }), /claims to be this very node/);
  });

  it("refuses another's did without that key", async () => {
    const victim = await makeEphemeralKey();
    const thief = await makeEphemeralKey();
    const signer: Signer = { did: victim.did, sign: (bytes) => thief.sign(bytes) };
    expectRefused(await connect(memoryLinkPair(), {}, { signer }), /signature is not valid/);
  });

  it("refuses a changed bit in any handshake frame", async () => {
    for (const kind of ["m1", "m2", "ready"]) {
      const [a, b] = memoryLinkPair();
      a.control.tamper = (message) => {
        const changed = message.slice();
        if (String.fromCharCode(...message.subarray(2, 2 + (message[1] ?? 0))) === kind)
          changed[changed.length - 1]! ^= 1;
        return changed;
      };
      const results = await connect([a, b]);
      expect(results[1]?.status, kind).toBe("rejected");
    }
  });

  it("reads nothing but the handshake before it has succeeded", async () => {
    const [a, b] = memoryLinkPair();
    for (const message of frameToMessages("note", encodeCbor({ text: "hi" }))) b.control.send(message);
    expect((await connect([a, b]))[0]).toMatchObject({ status: "rejected", reason: { code: "peer-protocol" } });
  });

  it("refuses a version that this program does not speak", async () => {
    const [a, b] = memoryLinkPair();
    const m1 = encodeCbor({ versions: [7], epoch: 0, nonce: randomBytes(32) });
    for (const message of frameToMessages("m1", m1)) b.control.send(message);
    await expect(establish(a, await credentials())).rejects.toThrow(/another version/);
  });
});

describe("link", () => {
  it("carries frames in order, those before the listener and long ones included", async () => {
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

  it("tells the other side why it leaves, and rejects what is sent later", async () => {
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
    for (const message of messages()) raw[0].control.send(message);
    expect(await links[1].closed).toMatch(/peer|sent/i);
    expect(await links[0].closed).toMatch(/peer/i);
  });

  it("ends on a flood, says of what, and looks at none of it beyond the limit", async () => {
    const { links, raw } = await connected();
    const read: string[] = [];
    links[1].listen((frame) => read.push(frame.body.text));
    for (let i = 0; i < TABLE.note.rate.burst; i++) void links[0].send("note", { text: String(i) });
    // Only its head is there, and its body would be unreadable: the reason shows that nothing of it was looked at.
    raw[0].control.send(frameToMessages("note", new Uint8Array(99_999).fill(255))[0]!);
    const reason = /floods this device: it sent more note messages than 100 at once and 0 a second/;
    expect(await links[1].closed).toMatch(reason);
    expect(await links[0].closed).toMatch(reason);
    expect(read).toEqual(Array.from({ length: TABLE.note.rate.burst }, (_, i) => String(i)));
  });

  it("ends when more comes than anybody reads", async () => {
    const { links } = await connected();
    for (let i = 0; i <= MAX_EARLY_FRAMES; i++) void links[0].send("note", { text: "" });
    expect(await links[1].closed).toMatch(/more than anybody reads/);
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
