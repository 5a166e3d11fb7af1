/** Parsers that answer at once: framing, CBOR, frames, texts and files. */
import { base64urlnopad } from "@scure/base";
import fc from "fast-check";
import { type Bytes, decodeCbor, fileSource, utf8 } from "../../src/core";
import { readGguf, tokenizerFiles } from "../../src/gguf";
import { byteLevelKeys, sentencePieceKeys } from "../../src/gguf/testing/vocabularies";
import { value, writeGguf } from "../../src/gguf/testing/writer";
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
import { ROOM_FRAMES } from "../../src/room/protocol";
import { type FrameTable, parseFrame } from "../../src/wire/frames";
import { Reassembler, frameToMessages } from "../../src/wire/framing";
import { readDescription } from "../../src/wire/webrtc/by-hand";
import { sdpFingerprint } from "../../src/wire/webrtc/fingerprint";
import { NOISE, changedBytes, changedValues, hostile } from "./changes";
import { type Target, accepts, acceptsAsync } from "./feeding";
import { TABLES } from "./tables";
import { valuesOf } from "./values";

/** Every kind of a table, each with values of its own schema; some come under the name of another kind. */
function frames(name: string, weight: number, table: FrameTable): Target<{ kind: string; body: Bytes }> {
  const kinds = Object.keys(table);
  const own = fc.oneof(
    ...kinds.map((kind) => fc.record({ kind: fc.constant(kind), body: hostile(valuesOf(table[kind]!.schema)) })),
  );
  const swapped = fc.tuple(own, fc.constantFrom("constructor", ...kinds)).map(([{ body }, kind]) => ({ kind, body }));
  const inputs = fc.oneof({ weight: 7, arbitrary: own }, { weight: 1, arbitrary: swapped });
  return { name, weight, inputs, feed: (frame) => accepts(() => parseFrame(table, frame)) };
}

const bodies = fc.oneof(
  { weight: 19, arbitrary: fc.uint8Array({ maxLength: 40, size: "max" }) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(70_000)) },
);
const messages = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(ROOM_FRAMES)), bodies), { minLength: 2, maxLength: 2 })
  .map((sent) => sent.flatMap(([kind, body]) => frameToMessages(kind, body)));

const FRAMING: Target<readonly Uint8Array[]> = {
  name: "framing",
  weight: 3,
  inputs: fc
    .tuple(messages, fc.nat(10), fc.option(fc.constant("reversed"), { freq: 2 }))
    .chain(([sent, which, order]) => {
      const index = which % sent.length;
      const changed = changedBytes(fc.constant(sent[index]!), { foreign: fc.constantFrom(...sent), min: 1 });
      return changed.map((message) => (order ? sent.with(index, message).reverse() : sent.with(index, message)));
    }),
  feed(sent) {
    const reassembler = new Reassembler((kind) => (Object.hasOwn(ROOM_FRAMES, kind) ? 200_000 : undefined));
    return accepts(() => sent.forEach((message) => reassembler.push(message)));
  },
};

const CBOR: Target<Uint8Array> = {
  name: "CBOR",
  weight: 3,
  inputs: fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60, size: "max" }) },
    {
      weight: 3,
      arbitrary: hostile(fc.constant({ a: [1, "two", { three: NOISE }], b: { c: null, d: -1.5 } })),
    },
  ),
  feed: (bytes) => accepts(() => assertPlain(decodeCbor(bytes))),
};

/** Throws if a decoded value has a prototype that the sender made. */
function assertPlain(value: unknown): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) throw new Error("a foreign prototype");
  for (const entry of Object.values(value)) assertPlain(entry);
}

function texts(
  name: string,
  weight: number,
  values: fc.Arbitrary<unknown>,
  parse: (text: string) => unknown,
): Target<string> {
  const payloads = hostile(values);
  const inputs = fc.oneof(
    { weight: 19, arbitrary: payloads.map((payload) => base64urlnopad.encode(payload)) },
    { weight: 1, arbitrary: payloads.map((payload) => String.fromCharCode(...payload)) },
  );
  return { name, weight, inputs, feed: (text) => accepts(() => parse(text)) };
}

/** The text with changes to its bytes. */
function changedText(text: string): fc.Arbitrary<string> {
  return changedBytes(fc.constant(utf8(text)), { min: 1 }).map((bytes) => new TextDecoder().decode(bytes));
}

const PAGE = "https://example.org/";
const SDP = `v=0\r\na=fingerprint:sha-256 ${new Array(32).fill("AB").join(":")}\r\n`;

const FILE = { signaling: [{ port: 9000, path: "/x" }, { url: PAGE }], iceServers: [{ urls: "stun:x" }], hub: PAGE };
const CONFIG: Target = {
  name: "microgrid.config.json",
  weight: 1,
  inputs: changedValues(fc.constant(FILE)).map((value) => decodedOr(value, FILE)),
  feed: (value) => accepts(() => resolveConfig(value, PAGE)),
};

/** The value after a trip through JSON, or `other` if JSON cannot express it. */
function decodedOr(value: unknown, other: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return other;
  }
}

const DIDS: Target<string> = {
  name: "dids",
  weight: 0.5,
  inputs: changedText("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
  feed: (did) => accepts(() => publicKeyFromDid(did)),
};

const FINGERPRINTS: Target<string> = {
  name: "fingerprints",
  weight: 0.5,
  inputs: changedText(SDP),
  feed: (sdp) => accepts(() => sdpFingerprint(sdp)),
};

/** Heads of backup files. They set the cost of checking the passphrase, and are read before it. */
async function sealedFiles(): Promise<Target<Uint8Array>> {
  const file = await sealFile(utf8("content"), "a passphrase");
  return {
    name: "heads of backup files",
    weight: 0.5,
    // Cut before the ciphertext, so that no slow key derivation runs for valid heads.
    inputs: changedBytes(fc.constant(file.subarray(0, 60)), { min: 1 }).map((head) => head.subarray(0, 60)),
    feed: (head) => acceptsAsync(() => openSealedFile(head, "a passphrase")),
  };
}

/** Recovery phrases as people type them, with mistakes. */
async function phrases(): Promise<Target<string>> {
  return {
    name: "recovery phrases",
    weight: 0.1,
    inputs: changedText(await phraseOfSecret(new Uint8Array(16))),
    feed: (words) => acceptsAsync(() => secretOfPhrase(words)),
  };
}

/** Files of models, whose headers are read before they are downloaded, and their tokenizers. */
function ggufFiles(): Target<Uint8Array> {
  const [spaced, bytes] = [sentencePieceKeys([["▁a", 1, -1]]), byteLevelKeys("qwen2", ["a b", "ab c"])];
  const architecture = { "general.architecture": value.text("llama") };
  const tensor = { name: "w", dims: [32, 2], format: 8, bytes: new Uint8Array(68) };
  return {
    name: "GGUF files",
    weight: 0.2,
    inputs: changedBytes(
      fc.constantFrom(...[spaced, bytes].map((keys) => writeGguf({ ...architecture, ...keys }, [tensor]))),
    ),
    feed: (file) =>
      acceptsAsync(async () => {
        const source = fileSource(new Blob([new Uint8Array(file)]), new AbortController().signal);
        return tokenizerFiles((await readGguf(source)).metadata);
      }),
  };
}

/** The frames of each table. */
const FRAMES = [
  frames("frames of links", 1, TABLES.LINK_FRAMES),
  frames("frames of rooms", 6, TABLES.ROOM_FRAMES),
  frames("frames of guests", 2, TABLES.DOOR_FRAMES),
  frames("frames of epochs", 1, TABLES.EPOCH_FRAMES),
  frames("frames of pipelines", 2, TABLES.STAGE_FRAMES),
  frames("frames of weights", 1, TABLES.BULK_FRAMES),
];

/** All of them. */
export async function parsers(): Promise<readonly Target[]> {
  const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const invites = fc.record({
    v: fc.constant(2),
    room: fc.constant("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"),
    name: fc.constant("Attic"),
    rendezvous: secrets,
    token: fc.record({ signed: valuesOf(SignedSchema), secret: secrets }),
    servers: fc.constant([PAGE]),
  });
  const offers = fc.constant({ v: 1, type: "offer", sdp: SDP });
  return [
    FRAMING,
    CBOR,
    ...FRAMES,
    ggufFiles(),
    texts("invites", 1, invites, parseInvite),
    texts("descriptions by hand", 1, offers, (text) => readDescription(text, "offer")),
    CONFIG,
    DIDS,
    FINGERPRINTS,
    await sealedFiles(),
    await phrases(),
  ];
}
