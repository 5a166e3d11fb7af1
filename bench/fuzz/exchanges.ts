/** Fuzzes code that checks signatures and secrets: statements, and connections of a stranger or a hostile member. */
import fc from "fast-check";
import * as v from "valibot";
import { type Bytes, MicrogridError, decodeCbor, sha256 } from "../../src/core";
import {
  Revocations,
  type Signed,
  type Signer,
  SignedSchema,
  delegate,
  makeEphemeralKey,
  openDelegation,
  openStatement,
  revoke,
  signStatement,
} from "../../src/identity";
import { CHARTER, EPOCH, readGenesis, readToken } from "../../src/room/membership";
import { ROOM_FRAMES } from "../../src/room/protocol";
import { authenticate } from "../../src/wire/authenticate";
import { frameToMessages } from "../../src/wire/framing";
import { Link } from "../../src/wire/link";
import { memoryLinkPair } from "../../src/wire/testing/memory-transport";
import { NOISE, changedBytes, hostile } from "./changes";
import { type Target, acceptsAsync } from "./feeding";
import { valuesOf } from "./values";

/** Statements of each kind, signed once: a signature for each input would take too long. */
const SIGNED_OF_EACH = 200;

/** Statements with signatures; most changes end at the schema, some at the signature. */
async function statements(signer: Signer, other: Signer): Promise<Target<{ bytes: Bytes; reader: number }>> {
  const terms = { name: "House", subject: other.did, scopes: ["member" as const], issuedAt: 1, notAfter: 2 ** 40 };
  const bodies = (schema: v.GenericSchema) => fc.sample(valuesOf(schema), { numRuns: SIGNED_OF_EACH, seed: 2 });
  const signed = await Promise.all([
    delegate(signer, terms),
    revoke(signer, other.did, 5),
    ...bodies(CHARTER.schema).map((body) => signStatement(CHARTER, body as never, signer)),
    ...bodies(EPOCH.schema).map((body) => signStatement(EPOCH, body as never, signer)),
  ]);
  const readers = [
    (read: Signed) => openDelegation(read, other.did, 3),
    (read: Signed) => new Revocations().add(read),
    (read: Signed) => openStatement(CHARTER, read),
    (read: Signed) => openStatement(EPOCH, read),
    readToken,
  ];
  const changed = fc
    .constantFrom(...signed)
    .chain((which) => hostile(fc.constant(decodeCbor(which.payload))).map((payload) => ({ ...which, payload })));
  return {
    name: "signed statements",
    weight: 0.2,
    inputs: fc.record({
      bytes: hostile(fc.oneof(fc.constantFrom(...signed), changed)),
      reader: fc.nat(readers.length - 1),
    }),
    feed: ({ bytes, reader }) =>
      acceptsAsync(async () => {
        const parsed = v.safeParse(SignedSchema, decodeCbor(bytes));
        if (!parsed.success) throw new MicrogridError("peer-protocol", "not a statement");
        await readers[reader]!(parsed.output);
      }),
  };
}

/** Records of rooms, of which the room's name is the hash. */
async function genesisRecords(founder: Signer): Promise<Target<Bytes>> {
  const record = {
    v: 1,
    name: "Attic",
    founders: [founder.did],
    quorum: 1,
    random: new Uint8Array(16),
    secret: await sha256(NOISE),
  };
  return {
    name: "records of rooms",
    weight: 0.5,
    inputs: hostile(fc.constant(record)),
    feed: (bytes) => acceptsAsync(() => readGenesis(bytes)),
  };
}

/** A hostile body of each kind of a room's frames. */
const ROOM_BODIES = Object.entries(ROOM_FRAMES).map(([kind, { schema }]) => [kind, hostile(valuesOf(schema))] as const);

/** The first message of a frame, which may be changed. */
function messageOf(kind: string, bodies: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const message = bodies.map((body) => frameToMessages(kind, body.subarray(0, 60_000))[0]!);
  return fc.oneof({ weight: 3, arbitrary: message }, { weight: 1, arbitrary: changedBytes(message, { min: 1 }) });
}
const ROOM_MESSAGE = fc.oneof(...ROOM_BODIES.map(([kind, bodies]) => messageOf(kind, bodies)));

/** A fresh line gets hostile frames: it must refuse, and never become a link. */
function beforeAuthentication(signer: Signer): Target<readonly Uint8Array[]> {
  const claim = { kind: "member", epoch: 0, secretOf: () => new Uint8Array(32) } as const;
  const random = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const first = random(32).chain((nonce) => hostile(fc.constant({ versions: [2], epoch: 0, nonce })));
  const handshake = [messageOf("m1", first), messageOf("m2", random(200)), messageOf("ready", random(32))];
  return {
    name: "lines before authentication",
    weight: 0.02,
    inputs: fc.oneof(...[1, 2, 3].map((count) => fc.tuple(...handshake.slice(0, count), ROOM_MESSAGE))),
    async feed(messages) {
      const [near, far] = memoryLinkPair();
      for (const message of messages) far.control.send(message as Bytes);
      far.close("all was said");
      const credentials = { signer, roomId: "room", agent: "fuzz", claim };
      const accepted = await acceptsAsync(() => authenticate(near, credentials));
      if (accepted) throw new Error("a line was authenticated by a stranger");
      return false;
    },
  };
}

/** A link that is open gets hostile messages: each is read or ends it, and nothing is thrown at the transport. */
function openLinks(signer: Signer): Target<readonly Uint8Array[]> {
  const peer = { did: signer.did, agent: "fuzz", version: 2, epoch: 0, token: undefined };
  return {
    name: "open links",
    weight: 0.5,
    inputs: fc.array(ROOM_MESSAGE, { minLength: 4, maxLength: 4 }),
    feed(messages) {
      const [near] = memoryLinkPair();
      const writer = { send: async () => undefined, close: () => undefined, onStall: () => undefined };
      const link = new Link({ raw: near, writer: writer as never, peer }, ROOM_FRAMES);
      let heard = 0;
      link.listen(() => heard++);
      for (const [sent, message] of messages.entries()) {
        near.control.receive(message as Bytes);
        if (!link.open && heard > sent) throw new Error("a frame was read after the link had ended");
      }
      link.close("done");
      return heard > 0;
    },
  };
}

/** All of them. */
export async function exchanges(): Promise<readonly Target[]> {
  const [signer, other] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
  return [
    await statements(signer, other),
    await genesisRecords(signer),
    beforeAuthentication(signer),
    openLinks(signer),
  ];
}
