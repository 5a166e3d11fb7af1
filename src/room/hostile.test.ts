/** Members that run a program of their own, or are members no more: what they say over a link that they can still open. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Did, encodeCbor } from "../core";
import { delegate, makeEphemeralKey, signStatement } from "../identity";
import { Link } from "../wire";
import { frameToMessages } from "../wire/framing";
import { MemorySignaling } from "../wire/testing/memory-transport";
import { MAX_NODES, REFUSED_AFTER_MS } from "./constants";
import { signCard } from "./gossip/statements";
import { JobServer } from "./jobs/server";
import { Membership, readToken } from "./membership";
import { admit } from "./membership/admission";
import { EPOCH, Epochs } from "./membership/epochs";
import { NOT_A_MEMBER } from "./membership/proof";
import { EPOCH_FRAMES } from "./membership/reconcile";
import { ROOM_FRAMES } from "./protocol";
import { memberContext } from "./testing/founding";
import { hostileLine } from "./testing/hostile";
import { type TestNode, TestNodes, eventually, together } from "./testing/nodes";

vi.mock("./constants", async (original) => ({
  ...(await original<object>()),
  LONELY_SCAN_MS: 30,
  SLOT_SCAN_MS: 60,
  HEARTBEAT_MS: 5,
  REFUSED_AFTER_MS: 50,
  GOODBYE_MS: 20,
  REEXAMINE_MS: 20,
  MAX_NODES: 48,
}));

let nodes: TestNodes;
beforeEach(() => (nodes = new TestNodes(new MemorySignaling())));
afterEach(() => {
  vi.restoreAllMocks();
  nodes.leave();
});

const epochOf = ({ session }: TestNode) => session.membership?.epochs.head.n;

/** A room of a founder, a member, and a third one whom the founder has removed, with what that one knows. */
async function afterRemoval() {
  const founder = await nodes.open();
  const [member, removed] = [await nodes.enter(founder.invite), await nodes.enter(founder.invite)];
  await together([founder, member, removed]);
  const old = removed.kept.parts!;
  await founder.session.inside!.governance.remove([removed.did as Did]);
  await eventually(() => expect([epochOf(founder), epochOf(member)]).toEqual([1, 1]));
  await eventually(() => expect(removed.out.reason).toBeDefined());
  return { founder, member, removed, old };
}

describe("bodies that nobody here has a use for", () => {
  it("are not decoded: neither requests where nothing is shared, nor steps of pipelines", async () => {
    const host = await nodes.open();
    const guest = await nodes.enter(host.invite);
    await together([host, guest]);
    const id = "0123456789abcdef";
    const screened = vi.spyOn(JobServer.prototype, "screen");
    const accused = vi.spyOn(Link.prototype, "accuse");
    // No schema accepts these bodies, so decoding one ends the link.
    const request = frameToMessages("job.request", encodeCbor({ id, request: "nonsense" }));
    const step = frameToMessages("stage.forward", encodeCbor({ pipeline: id, tensors: "nonsense" }));
    for (const { control, stage } of nodes.signaling.links) {
      try {
        for (const message of request) control.send(message);
        for (const message of step) stage.send(message);
      } catch {
        // This line is closed already.
      }
    }
    await eventually(() => expect(screened).toHaveReturnedWith(false));
    await together([host, guest]);
    // Lines to the door know neither of these kinds, and say so.
    expect(accused.mock.calls.flat().filter((what) => what.includes("makes no sense"))).toEqual([]);
  });
});

describe("a member that fills the room with keys of its own", () => {
  it("keeps no newcomer out, neither with cards nor with links", async () => {
    const founder = await nodes.open();
    const member = await nodes.enter(founder.invite);
    await together([founder, member]);
    const parts = member.kept.parts!;
    member.session.leave();
    await eventually(() => expect(founder.session.peers).toEqual([]));

    const own = new Membership(memberContext(member.signer), parts);
    const link = new Link(await hostileLine(nodes.signaling, parts, member.signer, { direct: true }), ROOM_FRAMES);
    const { version, hash } = own.charter;
    const session = "0".repeat(32);
    link.post("hello", { session, bootstrap: false, proof: own.proof, charter: { version, hash } });
    link.post("members", { peers: [] });
    // No limit counts the guests of a founder's open invite.
    const token = await readToken(founder.invite.token.signed);
    const keys = await Promise.all(Array.from({ length: MAX_NODES }, () => makeEphemeralKey()));
    const statements = await Promise.all(
      keys.map(async (key) => {
        const { proof } = await own.admit(key.did, undefined, { token });
        const load = { running: 0, queued: 0, tokenRate: 0, visible: true };
        const terms = { name: "made up", device: "", gpu: "", sharing: false, load, offers: [] };
        const about = { room: own.genesis.hash, session, stamp: Date.now(), terms };
        return { ...(await signCard(key, about)).card, proof };
      }),
    );
    link.post("gossip", { statements: statements.slice(0, MAX_NODES / 2) });
    link.post("gossip", { statements: statements.slice(MAX_NODES / 2) });
    await eventually(() => expect(founder.session.inside!.size).toBe(MAX_NODES));

    const newcomer = await nodes.enter(founder.invite);
    await eventually(() => {
      expect(newcomer.session.peers.map(({ id }) => id)).toContain(founder.did);
      expect(founder.session.peers.map(({ id }) => id)).toContain(newcomer.did);
      expect(founder.session.inside!.knows(newcomer.did as Did)).toBe(true);
    });
    expect(founder.session.inside!.size).toBe(MAX_NODES);
    link.close("done");
  });
});

describe("a member that gives one place to two keys of its own", () => {
  it("is put out by all, whoever has seen both, and the second key with it", async () => {
    const founder = await nodes.open();
    const [member, cheat] = [await nodes.enter(founder.invite), await nodes.enter(founder.invite)];
    await together([founder, member, cheat]);
    const parts = cheat.kept.parts!;
    const { genesis, proof: above } = parts;
    const keys = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const links = [];
    for (const key of keys) {
      const admission = await admit(cheat.signer, genesis.hash, key.did, 1, { place: { n: 7, share: 0 } });
      const link = new Link(await hostileLine(nodes.signaling, parts, key, { direct: true }), ROOM_FRAMES);
      const { version, hash } = parts.charter;
      const proof = [{ admission }, ...above];
      link.post("hello", { session: "0".repeat(32), bootstrap: false, proof, charter: { version, hash } });
      link.post("members", { peers: [] });
      links.push(link);
      // The first is in before the second comes.
      const host = [founder, member, cheat].find(({ did }) => did === link.did)!;
      if (key === keys[0]) await eventually(() => expect(host.session.inside!.links).toBe(3));
      else expect(await link.closed).toBe(NOT_A_MEMBER.twice);
    }
    await eventually(() => expect(cheat.out.reason).toContain(NOT_A_MEMBER.double));
    await eventually(() =>
      expect([founder, member].map(({ session }) => session.inside!.links).sort()).toEqual([1, 2]),
    );
    links[0]!.close("done");
  });
});

describe("epochs from somebody who was removed", () => {
  it("cost one signature check, and the sender is kept out after it", async () => {
    const { old } = await afterRemoval();
    // The removed device may be kept out already, since its own program came back; anybody can have its secrets.
    const sender = await makeEphemeralKey();
    const keys = await Promise.all(Array.from({ length: 16 }, () => makeEphemeralKey()));
    const body = { v: 1 as const, room: old.genesis.hash, previous: old.genesis.hash, removed: [], kept: [], at: 1 };
    const record = await signStatement(EPOCH, { ...body, n: 1, secret: new Uint8Array(32) }, ...keys);
    const secrets = Array.from({ length: 41 }, () => new Uint8Array(32));
    const link = new Link(await hostileLine(nodes.signaling, old, sender), EPOCH_FRAMES);
    const verify = vi.spyOn(crypto.subtle, "verify");
    link.post("epoch.standing", { proof: old.proof, n: 40, hash: new Uint8Array(32) });
    await link.send("epoch.news", { records: Array.from({ length: 40 }, () => record), secrets });
    await link.closed;
    // The members of the room may check one another meanwhile.
    expect(verify.mock.calls.length).toBeLessThan(16);
    const again = hostileLine(nodes.signaling, old, sender);
    await expect(again).rejects.toThrow("disconnected before it had identified itself");
  });
});

describe("the word that a member was removed", () => {
  it("moves nobody to leave, not even a member that is alone", async () => {
    const { founder, member, removed, old } = await afterRemoval();
    founder.session.leave();
    await together([member]);
    const link = new Link(await hostileLine(nodes.signaling, old, removed.signer), EPOCH_FRAMES);
    link.close(NOT_A_MEMBER.removed);
    await link.closed;
    // Nothing tells when a word was ignored: this is the time after which a member that is alone used to believe it, and more.
    await new Promise((resolve) => setTimeout(resolve, 5 * REFUSED_AFTER_MS));
    expect([member.out.reason, member.session.phase]).toEqual([undefined, "inside"]);
  });

  it("counts with the founders' signatures, also for a device that was away", async () => {
    const founder = await nodes.open();
    const [member, away] = [await nodes.enter(founder.invite), await nodes.enter(founder.invite)];
    await together([founder, member, away]);
    away.session.leave();
    await together([founder, member]);
    await founder.session.inside!.governance.remove([away.did as Did]);
    await eventually(() => expect([epochOf(founder), epochOf(member)]).toEqual([1, 1]));
    const back = await nodes.comeBack(away);
    await eventually(() => expect(back.out.reason).toMatch(/You were removed/));
  });

  it("does not count with records of strangers, or of which the last is missing", async () => {
    const { member, removed } = await afterRemoval();
    const { membership } = member.session;
    const out = vi.fn();
    membership!.on("out", out);
    const { records } = membership!.epochs.data;
    const stranger = await makeEphemeralKey();
    const { genesis, epochs } = membership!;
    const body = { v: 1 as const, room: genesis.hash, previous: epochs.head.hash, kept: [], at: 1 };
    const gone = [member.did as Did];
    const forged = await signStatement(EPOCH, { ...body, n: 2, removed: gone, secret: new Uint8Array(32) }, stranger);
    await expect(membership!.takeRemoval({ records: [...records, forged] })).rejects.toThrow("of strangers");
    await membership!.takeRemoval({ records: [] });
    await membership!.takeRemoval({ records });
    expect(out).not.toHaveBeenCalled();
    expect(removed.out.reason).toMatch(/You were removed/);
  });
});

describe("a chain of epochs", () => {
  it("is verified from its newest record on, and no further than its first wrong signature", async () => {
    const { parts, membership, did } = await nodes.open();
    const { genesis } = parts;
    const stranger = await makeEphemeralKey();
    let data = membership.epochs.data;
    for (let n = 1; n <= 5; n++) {
      const { record, secret } = await membership.proposeEpoch([(await makeEphemeralKey()).did]);
      data = membership.epochs.with(record, secret);
      await membership.takeEpochs(data);
    }
    const [last] = data.records.slice(-1);
    const { sig } = last!.signatures[0]!;
    const verify = vi.spyOn(crypto.subtle, "verify");
    const counted = async (records: typeof data.records): Promise<number> => {
      verify.mockClear();
      await Epochs.open({ ...data, records }, genesis).catch(() => undefined);
      return verify.mock.calls.length;
    };
    const signedBy = (did: Did) => [...data.records.slice(0, -1), { ...last!, signatures: [{ did, sig }] }];
    expect(await counted(data.records)).toBe(5);
    expect(await counted(signedBy(stranger.did))).toBe(0);
    expect(await counted([...data.records.slice(1), last!])).toBe(0);
    const forged = { did: did as Did, sig: new Uint8Array(64) };
    expect(await counted([...data.records.slice(0, -1), { ...last!, signatures: [forged] }])).toBe(1);
  });
});

it("a device whose house vouches for it no longer is out by itself", async () => {
  const [house, device] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
  const founder = await nodes.open({ admission: { kind: "houses", houses: [house.did] } });
  const now = Date.now();
  const terms = {
    name: "Ada",
    subject: device.did,
    scopes: ["member" as const],
    issuedAt: now,
    notAfter: now + 60_000,
  };
  const guest = await nodes.enter(founder.invite, device, await delegate(house, terms));
  await together([founder, guest]);
  vi.spyOn(Date, "now").mockImplementation(() => now + 60_001);
  await together([founder]);
});
