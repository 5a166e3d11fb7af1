/** Parsers that answer at once: framing, CBOR, frames, texts and files. */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import { decodeCbor, utf8 } from "../../src/core";
import { resolveConfig } from "../../src/node/config";
import {
  SignedSchema,
  openSealedFile,
  phraseOfSecret,
  publicKeyFromDid,
  sealFile,
  secretOfPhrase,
} from "../../src/identity";
import { parseInvite } from "../../src/room";
import { DOOR_FRAMES } from "../../src/room/door/protocol";
import { ROOM_FRAMES } from "../../src/room/protocol";
import { BULK_FRAMES } from "../../src/room/weights/frames";
import { STAGE_FRAMES } from "../../src/room/stages/frames";
import { type FrameTable, parseFrame } from "../../src/wire/frames";
import { Reassembler, frameToMessages } from "../../src/wire/framing";
import { LINK_FRAMES } from "../../src/wire/link";
import { readDescription } from "../../src/wire/webrtc/by-hand";
import { sdpFingerprint } from "../../src/wire/webrtc/fingerprint";
import { NOISE, type Target, accepts, acceptsAsync, hostile, pool } from "./feeding";
import { mutateBytes, mutateValue } from "./mutate";
import { Random } from "./random";
import { sample } from "./sample";

/** Every kind of a table, each sampled from its own schema. */
function frames(name: string, weight: number, table: FrameTable): Target {
  const kinds = Object.keys(table);
  const random = new Random(kinds.length);
  const bodies = new Map(kinds.map((kind) => [kind, pool(() => sample(table[kind]!.schema, random))]));
  return {
    name,
    weight,
    feed(random) {
      const kind = random.pick(kinds);
      // A body under another kind's name is a swap of types as well.
      const body = hostile(random.pick(bodies.get(random.chance(8) ? random.pick(kinds) : kind)!), random);
      return accepts(() => parseFrame(table, { kind: random.chance(50) ? "constructor" : kind, body }));
    },
  };
}

const FRAMING: Target = {
  name: "framing",
  weight: 3,
  feed(random) {
    const reassembler = new Reassembler((kind) => (Object.hasOwn(ROOM_FRAMES, kind) ? 200_000 : undefined));
    const bodies = [random.bytes(random.below(40)), new Uint8Array(random.chance(20) ? 70_000 : 10)];
    const messages = bodies.flatMap((body) => frameToMessages(random.pick(Object.keys(ROOM_FRAMES)), body));
    const at = random.below(messages.length);
    const sent = messages.map((message, index) => (index === at ? mutateBytes(message, random, messages) : message));
    if (random.chance(3)) sent.reverse();
    return accepts(() => sent.forEach((message) => reassembler.push(message)));
  },
};

const CBOR: Target = {
  name: "CBOR",
  weight: 3,
  feed(random) {
    const bytes = random.chance(4)
      ? random.bytes(random.below(60))
      : hostile({ a: [1, "two", { three: NOISE }], b: { c: null, d: -1.5 } }, random);
    return accepts(() => assertPlain(decodeCbor(bytes)));
  },
};

/** Throws if a decoded value has a prototype that the sender made. */
function assertPlain(value: unknown): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) throw new Error("a foreign prototype");
  for (const entry of Object.values(value)) assertPlain(entry);
}

function texts(name: string, weight: number, seeds: readonly unknown[], parse: (text: string) => unknown): Target {
  return {
    name,
    weight,
    feed(random) {
      const payload = hostile(random.pick(seeds), random);
      const text = random.chance(20) ? String.fromCharCode(...payload) : base64urlnopad.encode(payload);
      return accepts(() => parse(text));
    },
  };
}

const PAGE = "https://example.org/";
const SDP = `v=0\r\na=fingerprint:sha-256 ${new Array(32).fill("AB").join(":")}\r\n`;

const CONFIG: Target = {
  name: "microgrid.config.json",
  weight: 1,
  feed(random) {
    const file = {
      signaling: [{ port: 9000, path: "/x" }, { url: PAGE }],
      iceServers: [{ urls: "stun:x" }],
      hub: PAGE,
    };
    const value: unknown = decodedOr(mutateValue(file, random), file);
    // The file comes from the site itself, and its reader treats any error like a missing file.
    return accepts(() => resolveConfig(value, PAGE), v.isValiError);
  },
};

/** The value after a trip through JSON, or `other` if JSON cannot express it. */
function decodedOr(value: unknown, other: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return other;
  }
}

const TEXTS: Target = {
  name: "dids and fingerprints",
  weight: 1,
  feed(random) {
    const change = (text: string): string => new TextDecoder().decode(mutateBytes(utf8(text), random, [NOISE]));
    switch (random.below(2)) {
      case 0:
        return accepts(() => publicKeyFromDid(change("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")));
      default:
        return accepts(() => sdpFingerprint(change(SDP)));
    }
  },
};

/** Heads of backup files. They set the cost of checking the passphrase, and are read before it. */
async function sealedFiles(): Promise<Target> {
  const file = await sealFile(utf8("content"), "a passphrase");
  return {
    name: "heads of backup files",
    weight: 0.5,
    feed(random) {
      // Cut before the ciphertext, so that no slow key derivation runs for valid heads.
      const head = mutateBytes(file.subarray(0, 60), random, [NOISE]).subarray(0, 60);
      return acceptsAsync(() => openSealedFile(head, "a passphrase"));
    },
  };
}

/** Recovery phrases as people type them, with mistakes. */
async function phrases(): Promise<Target> {
  const words = await phraseOfSecret(new Uint8Array(16));
  return {
    name: "recovery phrases",
    weight: 0.1,
    feed: (random) =>
      acceptsAsync(() => secretOfPhrase(new TextDecoder().decode(mutateBytes(utf8(words), random, [NOISE])))),
  };
}

/** All of them. */
export async function parsers(): Promise<readonly Target[]> {
  const random = new Random(1);
  const invites = pool(() => ({
    v: 2,
    room: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    name: "Attic",
    rendezvous: random.bytes(32),
    token: { signed: sample(SignedSchema, random), secret: random.bytes(32) },
    servers: [PAGE],
  }));
  return [
    FRAMING,
    CBOR,
    frames("frames of links", 1, LINK_FRAMES),
    frames("frames of rooms", 6, ROOM_FRAMES),
    frames("frames of guests", 2, DOOR_FRAMES),
    frames("frames of pipelines", 2, STAGE_FRAMES),
    frames("frames of weights", 1, BULK_FRAMES),
    texts("invites", 1, invites, parseInvite),
    texts("descriptions by hand", 1, [{ v: 1, type: "offer", sdp: SDP }], (text) => readDescription(text, "offer")),
    CONFIG,
    TEXTS,
    await sealedFiles(),
    await phrases(),
  ];
}
