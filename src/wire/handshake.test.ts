/** The handshake admits only a peer that knows the secret and holds the key, on this connection. */
import { describe, expect, it } from "vitest";
import { type Bytes, decodeCbor, encodeCbor, randomBytes } from "../core";
import { type Signer, makeEphemeralKey } from "../identity";
import { type Authenticated, type Credentials, tokenSecret } from "./handshake";
import { type Kind, type Said, SECRET, type Side, meet, member, sides } from "./testing/handshake-pair";

const OTHER = randomBytes(32);

/** Neither side admitted the other, and at least one side says why. */
function expectRefused({ results }: { results: PromiseSettledResult<unknown>[] }, why: RegExp): void {
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(results.map((result) => (result.status === "rejected" ? String(result.reason) : "")).join("\n")).toMatch(why);
}

function accepted({ results }: { results: PromiseSettledResult<Authenticated>[] }): Authenticated[] {
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** The frames that one side sent in a successful exchange. */
function bodyOf(said: readonly Said[], from: number, kind: Kind): Bytes {
  return said.find((each) => each.from === from && each.kind === kind)!.body;
}

/** Changes fields of one side's first message in transit. */
function rewrite(from: number, change: (m1: Record<string, unknown>) => Record<string, unknown>) {
  return (said: Said): Bytes =>
    said.from === from && said.kind === "m1"
      ? encodeCbor(change(decodeCbor(said.body) as Record<string, unknown>))
      : said.body;
}

const TAMPERED = /does not know the room's secret, or somebody in between has tampered/;

describe("handshake", () => {
  it("tells both sides who the other is", async () => {
    const [ada, bob]: [Signer, Signer] = [await makeEphemeralKey(), await makeEphemeralKey()];
    expect(accepted(await meet(sides({ signer: ada }, { signer: bob, agent: "other/2" })))).toEqual([
      { did: bob.did, agent: "other/2", version: 2, epoch: 0, token: undefined },
      { did: ada.did, agent: "test/1", version: 2, epoch: 0, token: undefined },
    ]);
  });

  it.each<[string, Partial<Credentials>]>([
    ["secret", { claim: member(OTHER) }],
    ["room", { roomId: "another" }],
  ])("refuses another %s", async (_name, theirs) => {
    expectRefused(await meet(sides({}, theirs)), TAMPERED);
  });

  it("refuses a man in the middle, who shows his own certificate to each side", async () => {
    const [a, b] = sides();
    const between: Side = { ...a, fingerprints: { ...a.fingerprints, remote: randomBytes(32) } };
    expectRefused(await meet([between, b]), TAMPERED);
  });

  it("refuses two sides that both believe they dialled: a relayed proof has the wrong role", async () => {
    const [a, b] = sides();
    expectRefused(await meet([a, { ...b, offerer: true }]), TAMPERED);
    expectRefused(await meet([{ ...a, offerer: false }, b]), TAMPERED);
    // Not even if the certificates are swapped to match.
    const swapped = { local: b.fingerprints.remote, remote: b.fingerprints.local };
    expectRefused(await meet([a, { ...b, offerer: true, fingerprints: swapped }]), TAMPERED);
  });

  // `ready` is the same from both sides: it does not prove an identity, only that both saw the same exchange.
  it.each<[string, Kind[]]>([
    ["m1", ["m1"]],
    ["m2", ["m2"]],
    ["m1 and m2", ["m1", "m2"]],
    ["whole exchange", ["m1", "m2", "ready"]],
  ])("refuses its own %s sent back", async (_name, kinds) => {
    const own = new Map<string, Bytes>();
    const outcome = await meet(sides(), ({ from, kind, body }) => {
      if (from === 0) own.set(kind, body);
      // Side 0 sends first, so there is something to echo.
      return from === 1 && kinds.includes(kind) ? own.get(kind)! : body;
    });
    expect(outcome.results[0]?.status).toBe("rejected");
  });

  it.each<[string, Kind[]]>([
    ["whole exchange", ["m1", "m2", "ready"]],
    ["m2 and ready", ["m2", "ready"]],
    ["m2", ["m2"]],
    ["ready", ["ready"]],
  ])("refuses a replay of a former session's %s", async (_name, kinds) => {
    const [a, b] = sides({ signer: await makeEphemeralKey() }, { signer: await makeEphemeralKey() });
    const former = await meet([a, b]);
    accepted(former);
    // The same certificates and nodes: only the victim's nonce is new.
    const outcome = await meet([a, b], ({ from, kind, body }) =>
      from === 1 && kinds.includes(kind) ? bodyOf(former.said, 1, kind) : body,
    );
    expect(outcome.results[0]?.status).toBe("rejected");
  });

  it("refuses a changed bit in any frame", async () => {
    for (const kind of ["m1", "m2", "ready"]) {
      const outcome = await meet(sides(), (said) => {
        const body = said.body.slice();
        if (said.from === 0 && said.kind === kind) body[body.length - 1]! ^= 1;
        return body;
      });
      expect(outcome.results[1]?.status, kind).toBe("rejected");
    }
  });

  it("uses the highest common version, and refuses if a man in the middle removes it", async () => {
    const nonce = (): Bytes => randomBytes(32);
    const pair = (...versions: readonly [number[], number[]]): [Side, Side] => {
      const [a, b] = sides();
      return [
        { ...a, seam: { versions: versions[0], nonce } },
        { ...b, seam: { versions: versions[1], nonce } },
      ];
    };
    expect(accepted(await meet(pair([1, 2], [2, 1]))).map(({ version }) => version)).toEqual([2, 2]);
    expect(accepted(await meet(pair([1], [1, 2]))).map(({ version }) => version)).toEqual([1, 1]);
    expectRefused(await meet(pair([1], [2])), /a different version of the protocol/);
    const strike = rewrite(0, (m1) => ({ ...m1, versions: [1] }));
    expectRefused(await meet(pair([1, 2], [1, 2]), strike), TAMPERED);
    // In both directions, so that both believe in version 1.
    const both = (said: Said): Bytes => rewrite(1, (m1) => ({ ...m1, versions: [1] }))({ ...said, body: strike(said) });
    expectRefused(await meet(pair([1, 2], [1, 2]), both), TAMPERED);
  });

  it("refuses a node that claims to be this one", async () => {
    const signer = await makeEphemeralKey();
    expectRefused(await meet(sides({ signer }, { signer })), /claims to be this node itself/);
  });

  it("refuses another node's DID without its key", async () => {
    const [victim, thief] = [await makeEphemeralKey(), await makeEphemeralKey()];
    const signer: Signer = { did: victim.did, sign: (bytes) => thief.sign(bytes) };
    expectRefused(await meet(sides({}, { signer })), /signature is not valid/);
  });
});

describe("epochs", () => {
  it("accepts a member of an earlier epoch by that epoch's secret, and reports its epoch", async () => {
    const outcome = await meet(sides({}, { claim: member(SECRET, OTHER) }));
    expect(accepted(outcome).map(({ epoch }) => epoch)).toEqual([1, 0]);
  });

  it("refuses a node that knows only an old secret and claims the current epoch", async () => {
    const removed: Credentials["claim"] = { kind: "member", epoch: 1, secretOf: () => SECRET };
    expectRefused(await meet(sides({ claim: member(SECRET, OTHER) }, { claim: removed })), TAMPERED);
  });

  it("refuses if a man in the middle with an old secret makes two current members use the old epoch", async () => {
    const pair = sides({ claim: member(SECRET, OTHER) }, { claim: member(SECRET, OTHER) });
    const older = (m1: Record<string, unknown>) => ({ ...m1, epoch: 0 });
    const relay = (said: Said): Bytes => rewrite(1, older)({ ...said, body: rewrite(0, older)(said) });
    expectRefused(await meet(pair, relay), TAMPERED);
  });

  it("refuses an epoch whose secret it does not have", async () => {
    const later: Credentials["claim"] = { kind: "member", epoch: 1, secretOf: () => undefined };
    expectRefused(await meet(sides({}, { claim: later })), /another epoch/);
  });
});

describe("guests", () => {
  const token = randomBytes(32);
  const guestOf = async (secret: Bytes): Promise<Extract<Credentials["claim"], { kind: "guest" }>> => ({
    kind: "guest",
    token,
    epoch: 0,
    secret: await tokenSecret(secret, token),
  });

  it("are recognised by their token, whose secret every member can derive", async () => {
    const outcome = await meet(sides({}, { claim: await guestOf(SECRET) }));
    expect(accepted(outcome).map((peer) => peer.token)).toEqual([token, undefined]);
  });

  it("with a token of an earlier epoch are accepted by members of later ones", async () => {
    const outcome = await meet(sides({ claim: member(SECRET, OTHER) }, { claim: await guestOf(SECRET) }));
    expect(accepted(outcome)[0]).toMatchObject({ token, epoch: 0 });
  });

  it("are refused with a token that does not match their secret, and by other guests", async () => {
    const guest = await guestOf(SECRET);
    expectRefused(await meet(sides({}, { claim: { ...guest, token: randomBytes(32) } })), TAMPERED);
    expectRefused(await meet(sides({ claim: guest }, { claim: guest })), /only guests/);
  });

  it("cannot pass for members with the secret of a token", async () => {
    const { secret } = await guestOf(SECRET);
    expectRefused(await meet(sides({}, { claim: member(secret) })), TAMPERED);
    // Removing the token in transit does not help either.
    const pair = sides({}, { claim: await guestOf(SECRET) });
    const strip = rewrite(1, ({ versions, epoch, nonce }) => ({ versions, epoch, nonce }));
    expectRefused(await meet(pair, strip), TAMPERED);
  });

  it("learn nothing that lets them pose as another guest", async () => {
    const guest = await guestOf(SECRET);
    const second = randomBytes(32);
    const derived = await tokenSecret(guest.secret, second);
    expectRefused(await meet(sides({}, { claim: { ...guest, token: second, secret: derived } })), TAMPERED);
  });
});
