/** Fuzzes code that checks signatures and secrets: statements, and connections of a stranger or a hostile member. */
import * as v from "valibot";
import { MicrogridError, decodeCbor, sha256 } from "../../src/core";
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
import { NOISE, type Target, acceptsAsync, hostile, pool } from "./feeding";
import { mutateBytes } from "./mutate";
import { Random } from "./random";
import { sample } from "./sample";

/** Statements with signatures; most changes end at the schema, some at the signature. */
async function statements(signer: Signer, other: Signer): Promise<Target> {
  const random = new Random(2);
  const terms = { name: "House", subject: other.did, scopes: ["member" as const], issuedAt: 1, notAfter: 2 ** 40 };
  const signed = await Promise.all([
    delegate(signer, terms),
    revoke(signer, other.did, 5),
    ...pool(() => signStatement(CHARTER, sample(CHARTER.schema, random) as never, signer)),
    ...pool(() => signStatement(EPOCH, sample(EPOCH.schema, random) as never, signer)),
  ]);
  const readers = [
    (read: Signed) => openDelegation(read, other.did, 3),
    (read: Signed) => new Revocations().add(read),
    (read: Signed) => openStatement(CHARTER, read),
    (read: Signed) => openStatement(EPOCH, read),
    readToken,
  ];
  return {
    name: "signed statements",
    weight: 0.2,
    feed(random) {
      const which = random.pick(signed);
      const payload = random.chance(2) ? hostile(decodeCbor(which.payload), random) : which.payload;
      const bytes = hostile({ ...which, payload }, random);
      return acceptsAsync(async () => {
        const parsed = v.safeParse(SignedSchema, decodeCbor(bytes));
        if (!parsed.success) throw new MicrogridError("peer-protocol", "not a statement");
        await random.pick(readers)(parsed.output);
      });
    },
  };
}

/** Records of rooms, of which the room's name is the hash. */
async function genesisRecords(founder: Signer): Promise<Target> {
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
    feed: (random) => acceptsAsync(() => readGenesis(hostile(record, random))),
  };
}

/** Bodies for each kind of a room's frames. */
const BODIES = new Map(
  Object.entries(ROOM_FRAMES).map(([kind, { schema }]) => {
    const random = new Random(kind.length);
    return [kind, pool(() => sample(schema, random))];
  }),
);

/** A fresh line gets hostile frames: it must refuse, and never become a link. */
function beforeAuthentication(signer: Signer): Target {
  const standing = { kind: "member", epoch: 0, secretOf: () => new Uint8Array(32) } as const;
  return {
    name: "lines before authentication",
    weight: 0.02,
    async feed(random) {
      const [near, far] = memoryLinkPair();
      const m1 = hostile({ versions: [1], epoch: 0, nonce: random.bytes(32) }, random);
      const bodies: Record<string, Uint8Array> = { m1, m2: random.bytes(200), ready: random.bytes(32) };
      const kinds = [...["m1", "m2", "ready"].slice(0, 1 + random.below(3)), random.pick([...BODIES.keys()])];
      for (const kind of kinds) {
        const body = bodies[kind] ?? hostile(random.pick(BODIES.get(kind)!), random);
        for (const message of frameToMessages(kind, body.subarray(0, 60_000))) {
          far.control.send(random.chance(4) ? mutateBytes(message, random, [NOISE]) : message);
        }
      }
      far.close("all was said");
      const credentials = { signer, roomId: "room", agent: "fuzz", standing };
      const accepted = await acceptsAsync(() => authenticate(near, credentials));
      if (accepted) throw new Error("a line was authenticated by a stranger");
      return false;
    },
  };
}

/** A link that is open gets hostile messages: each is read or ends it, and nothing is thrown at the transport. */
function openLinks(signer: Signer): Target {
  const peer = { did: signer.did, agent: "fuzz", version: 1, epoch: 0, token: undefined };
  return {
    name: "open links",
    weight: 0.5,
    feed(random) {
      const [near] = memoryLinkPair();
      const writer = { send: async () => undefined, close: () => undefined, onStall: () => undefined };
      const link = new Link({ raw: near, writer: writer as never, peer }, ROOM_FRAMES);
      let heard = 0;
      link.listen(() => heard++);
      for (let sent = 0; sent < 4; sent++) {
        const kind = random.pick([...BODIES.keys()]);
        const body = hostile(random.pick(BODIES.get(kind)!), random);
        const [message] = frameToMessages(kind, body.subarray(0, 60_000));
        near.control.receive(random.chance(3) ? mutateBytes(message!, random, [NOISE]) : message!);
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
