/** Gossip between neighbours: everybody hears of everybody, and dead nodes are forgotten. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GossipNode, GossipNodes, stampOf } from "../testing/gossip-nodes";

let nodes: GossipNodes;
beforeEach(() => (nodes = new GossipNodes()));
afterEach(() => nodes.close());

describe("gossip", () => {
  it("tells all nodes of all others, over any number of hops, and of later offers", async () => {
    const row = await nodes.chain(8);
    expect(row.map(({ directory }) => directory.nodes)).toEqual(row.map(() => 8));
    row[0]!.model = "other";
    row[0]!.directory.refresh();
    await nodes.pass(40_000);
    expect(row.at(-1)!.directory.card(row[0]!.signer.did)?.offers[0]?.model).toBe("other");
  });

  it("sends only comparisons while nothing happens", async () => {
    const row = await nodes.chain(5);
    for (const node of row) node.sent.length = 0;
    await nodes.pass(60_000);
    expect(new Set(row.flatMap(({ sent }) => sent.map(({ kind }) => kind)))).toEqual(new Set(["view.sums"]));
  });

  it("forgets a node at once if it says goodbye, and after a while if a neighbour misses it", async () => {
    const row = await nodes.chain(5);
    const [first, , , , last] = row as [GossipNode, GossipNode, GossipNode, GossipNode, GossipNode];
    first.directory.close();
    await nodes.pass(3_000);
    expect(last.directory.card(first.signer.did)).toBeUndefined();
    // The second to last loses the last: all others hear of it.
    row[3]!.directory.unlinked(last.signer.did, true);
    last.directory.unlinked(row[3]!.signer.did, false);
    await nodes.pass(2_000);
    expect(row[1]!.directory.suspected(last.signer.did)).toBe(true);
    await nodes.pass(15_000);
    expect(row[1]!.directory.card(last.signer.did)).toBeUndefined();
    // A late copy of its card wakes nobody.
    expect(row[1]!.directory.nodes).toBe(3);
  });

  it("keeps a node that contradicts the report of its loss", async () => {
    const row = await nodes.chain(4);
    const [first, second, , last] = row as [GossipNode, GossipNode, GossipNode, GossipNode];
    const before = stampOf(first, last);
    second.directory.missed(last.signer.did);
    await nodes.pass(12_000);
    expect(stampOf(first, last)).toBeGreaterThan(before);
    expect(first.directory.suspected(last.signer.did)).toBe(false);
  });

  it("forgets a node that is removed when the rules change", async () => {
    const row = await nodes.chain(3);
    nodes.outsiders.add(row[2]!.signer.did);
    await row[0]!.directory.reexamine();
    expect(row[0]!.directory.card(row[2]!.signer.did)).toBeUndefined();
    await nodes.pass(30_000);
    expect(row[0]!.directory.card(row[2]!.signer.did)).toBeUndefined();
  });
});
