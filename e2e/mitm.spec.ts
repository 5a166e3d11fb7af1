/** A man in the middle who swaps what signaling carries, and really sits between two connections: he gets nothing. */
import { expect, expectPeers, gridReady, joinRoom, openRoom, roomOf, type SitePage, stateOf, test } from "./harness";
import { Middle } from "./harness/middle";

const noticesOf = async (site: SitePage): Promise<string> =>
  (await stateOf(site)).notices.map(({ text }) => text).join("\n");

for (const rewrites of [true, false]) {
  const title = rewrites
    ? "a man in the middle with two real connections is refused by both sides, and learns no name"
    : "the same man in the path, carrying on what he gets unchanged, is no hindrance";
  test(title, async ({ openSite, foreignSite }) => {
    const lair = await foreignSite({ "/": "<!doctype html><title>in between</title>" });
    const middle = await Middle.start(await openSite({ name: "the middle", url: lair.url }), { rewrites });
    const expectProblems = ["PeerJS"];
    const anna = await openSite({ name: "anna", prepare: middle.prepare, expectProblems });
    await gridReady(anna);
    const invite = await openRoom(anna, false);
    const ben = await openSite({ name: "ben", prepare: middle.prepare, expectProblems });
    await gridReady(ben);
    await joinRoom(ben, invite);

    if (!rewrites) {
      await expectPeers(anna, 1);
      await expectPeers(ben, 1);
      expect(middle.offers).toBeGreaterThan(0);
      expect((await middle.report()).frames).toEqual([]);
      return;
    }
    for (const victim of [anna, ben]) await expect.poll(() => noticesOf(victim)).toMatch(/tampered/);
    for (const victim of [anna, ben]) expect((await roomOf(victim)).peers).toEqual([]);
    const { carriedBothWays, frames } = await middle.report();
    // He had what he wanted: both channels, open at once, and both sides' first words.
    expect(carriedBothWays).toBeGreaterThan(0);
    for (const fromOfferer of [true, false]) {
      const kinds = frames.filter((frame) => frame.fromOfferer === fromOfferer).map(({ kind }) => kind);
      expect(kinds).toContain("m1");
      expect(new Set(kinds)).toEqual(new Set(["m1", "m2"]));
    }
    const relayed = frames.map(({ text }) => text).join("");
    const dids = await Promise.all([anna, ben].map(async (victim) => (await stateOf(victim)).node.did));
    const { id, name } = await roomOf(anna);
    for (const secret of [...dids, "did:key", id, name]) expect(relayed).not.toContain(secret);
  });
}
