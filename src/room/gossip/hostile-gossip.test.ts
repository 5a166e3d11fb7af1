/** Gossip with a neighbour that lies: its lies do not spread, and cost it the link where it must have known. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeCbor } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { type GossipNode, GossipNodes, PROOF, ROOM, linkNodes, send, stampOf, terms } from "../testing/gossip-nodes";
import { type Statement, signCard, signLoss } from "./statements";

let nodes: GossipNodes;
beforeEach(() => (nodes = new GossipNodes()));
afterEach(() => nodes.close());

describe("a hostile gossiper", () => {
  it("cannot bring in strangers that no proof lets in, nor cards without a proof", async () => {
    const [victim, liar] = (await nodes.chain(2)) as [GossipNode, GossipNode];
    const outsider = await makeEphemeralKey();
    nodes.outsiders.add(outsider.did);
    const { card } = await signCard(outsider, { room: ROOM, session: "1".repeat(32), stamp: 1, terms: terms("x") });
    send(victim, liar, [{ ...card, proof: PROOF }]);
    const unproved = await makeEphemeralKey();
    send(victim, liar, [
      (await signCard(unproved, { room: ROOM, session: "1".repeat(32), stamp: 1, terms: terms("x") })).card,
    ]);
    await nodes.pass(1_000);
    expect(victim.directory.nodes).toBe(2);
  });

  it("loses its link for the statements of another room, whose node is a member here too", async () => {
    for (const kind of ["card", "farewell", "loss"] as const) {
      const [victim, member, liar] = (await nodes.chain(3)) as [GossipNode, GossipNode, GossipNode];
      linkNodes(victim, liar);
      const stamp = stampOf(victim, member);
      const about = { room: new Uint8Array(32).fill(1), session: "1".repeat(32), terms: terms("elsewhere") };
      const elsewhere = {
        ...(await signCard(member.signer, { ...about, stamp: stamp + 9 })),
        loss: await signLoss(member.signer, { room: about.room, did: liar.signer.did, stamp: stampOf(victim, liar) }),
      };
      send(victim, liar, [{ ...elsewhere[kind], proof: PROOF }]);
      await nodes.pass(1_000);
      expect(liar.cut.join()).toContain("another room");
      expect(victim.directory.card(member.signer.did)?.stamp).toBe(stamp);
      nodes.end();
    }
  });

  it("loses its link for statements in another node's name", async () => {
    const [victim, , liar] = (await nodes.chain(3)) as [GossipNode, GossipNode, GossipNode];
    linkNodes(victim, liar);
    const forger = await makeEphemeralKey();
    const real = await signCard(forger, { room: ROOM, session: "1".repeat(32), stamp: 1, terms: terms("x") });
    const forged = structuredClone(real.card);
    forged.signed.signatures[0]!.sig[0]! ^= 1;
    send(victim, liar, [{ ...forged, proof: PROOF }]);
    await nodes.pass(1_000);
    expect(liar.cut.join()).toContain("signature that is not valid");
  });

  it("finds copies of what is known in frames that are still encoded", async () => {
    const [victim, member, liar] = (await nodes.chain(3)) as [GossipNode, GossipNode, GossipNode];
    linkNodes(victim, liar);
    await nodes.pass(10_000);
    const about = { room: ROOM, session: "1".repeat(32), stamp: 1, terms: terms("x") };
    const card = { ...(await signCard(await makeEphemeralKey(), about)).card, proof: PROOF };
    const { card: stranger } = await signCard(await makeEphemeralKey(), about);
    const isNews = (...statements: Statement[]) => victim.directory.isNews(liar.signer.did, encodeCbor({ statements }));
    expect(isNews(card)).toBe(true);
    send(victim, member, [card]);
    await nodes.pass(100);
    expect([isNews(card), isNews(card, card), isNews({ ...card, proof: undefined })]).toEqual([false, false, false]);
    expect([isNews(card, stranger), isNews(stranger, card)]).toEqual([true, true]);
    // It is not sent back to those that have shown it.
    victim.sent.length = 0;
    await nodes.pass(1_000);
    expect(victim.sent).toEqual([]);
    expect(victim.directory.isNews(liar.signer.did, encodeCbor({ statements: "none" }))).toBe(true);
  });

  it("cannot have signatures checked, again and again, of cards that are certain to be refused", async () => {
    const [victim, member, liar] = (await nodes.chain(3)) as [GossipNode, GossipNode, GossipNode];
    linkNodes(victim, liar);
    await nodes.pass(10_000);
    const about = { room: ROOM, session: "1".repeat(32), terms: terms("x") };
    const unproven = await signCard(await makeEphemeralKey(), { ...about, stamp: 1 });
    const old = await signCard(member.signer, { ...about, stamp: stampOf(victim, member) - 1 });
    const proven = await signCard(await makeEphemeralKey(), { ...about, stamp: 1 });
    // The simulation replaces this function too, and a spy of Vitest could put it back after that.
    const { verify } = crypto.subtle;
    let checks = 0;
    crypto.subtle.verify = (...args) => {
      checks++;
      return verify.apply(crypto.subtle, args);
    };
    for (let i = 0; i < 3; i++) send(victim, liar, [unproven.card, { ...old.card, proof: PROOF }]);
    await nodes.pass(100);
    expect(checks).toBe(0);
    send(victim, liar, [{ ...proven.card, proof: PROOF }]);
    await nodes.pass(100);
    expect(checks).toBe(1);
    expect(liar.cut).toEqual([]);
  });

  it("cannot raise the stamp of a node with statements about cards that do not exist", async () => {
    const [victim, , liar] = (await nodes.chain(3)) as [GossipNode, GossipNode, GossipNode];
    const before = stampOf(liar, victim);
    linkNodes(victim, liar);
    send(victim, liar, [
      await signLoss(liar.signer, { room: ROOM, did: victim.signer.did, stamp: Number.MAX_SAFE_INTEGER }),
    ]);
    await nodes.pass(20_000);
    expect(stampOf(liar, victim)).toBe(before);
  });

  it("cannot spread more than its share of statements and cards", async () => {
    const row = await nodes.chain(3);
    const [liar, carrier, end] = row as [GossipNode, GossipNode, GossipNode];
    await nodes.pass(120_000);
    end.sent.length = 0;
    carrier.sent.length = 0;
    const cards: Statement[] = [];
    for (let i = 0; i < 50; i++) {
      const stamp = stampOf(carrier, liar) + 10 + i;
      cards.push(
        (await signCard(liar.signer, { room: ROOM, session: "1".repeat(32), stamp, terms: terms(`m${i}`) })).card,
      );
    }
    for (const card of cards) {
      send(carrier, liar, [card]);
      await nodes.pass(500);
    }
    const passedOn = carrier.sent.flatMap((frame) => (frame.kind === "gossip" ? frame.body.statements : []));
    // 25 s: a burst of 4 and one every 2 s, to two neighbours at most, and what comparing asks for.
    expect(passedOn.length).toBeGreaterThan(0);
    expect(passedOn.length).toBeLessThan(2 * (4 + 25 / 2) + 20);
  });
});
