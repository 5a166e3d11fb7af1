/** Two nodes that dial each other at once keep one and the same of the two lines. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { memoryLinkPair } from "../../wire/testing/memory-transport";
import { Membership } from "../membership";
import type { Mesh } from "./mesh";
import { foundTestRoom, memberContext } from "../testing/founding";
import { meshOf } from "../testing/meshes";

/** The link to a node, and the side that offered it. */
function linkTo(mesh: Mesh, did: Did): { open: boolean; offerer: boolean } | undefined {
  const link = mesh.members.get(did)?.link;
  return link && { open: link.open, offerer: link.offerer };
}

afterEach(() => void vi.restoreAllMocks());

describe("two nodes that dial each other at once", () => {
  it.each([
    ["the lower did's line is up first", true, 0],
    ["the higher did's line is up first", false, 0],
    ["the lower did's line is up long before the other, which began as early", true, 60_000],
  ])("keep the line of the lower DID: %s", async (_name, lowerFirst, laterMs) => {
    const second = await makeEphemeralKey();
    const { founder, membership, parts } = await foundTestRoom({}, { others: [second] });
    const other = new Membership(memberContext(second), parts);
    const [lower, higher] = founder.did < second.did ? [membership, other] : [other, membership];
    const [low, high] = [meshOf(lower), meshOf(higher)];
    const clock = { now: performance.now(), later: 0 };
    vi.spyOn(performance, "now").mockImplementation(() => clock.now++ + clock.later);
    for (const mesh of [low, high]) mesh.on("joined", () => (clock.later = laterMs));
    const [ofLower, toHigher] = memoryLinkPair();
    const [ofHigher, toLower] = memoryLinkPair();
    const lines = [
      () => [low.introduce(ofLower, false), high.introduce(toHigher, false)],
      () => [high.introduce(ofHigher, false), low.introduce(toLower, false)],
    ];
    if (!lowerFirst) lines.reverse();
    await Promise.all(lines.flatMap((begin) => begin()));

    await vi.waitFor(() => {
      expect(linkTo(low, higher.signer.did)).toEqual({ open: true, offerer: true });
      expect(linkTo(high, lower.signer.did)).toEqual({ open: true, offerer: false });
    });
    // The other line runs out at both ends, and nothing that was in flight on it ends the one that stays.
    await Promise.all([ofHigher.closed, toLower.closed]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(linkTo(low, higher.signer.did)).toEqual({ open: true, offerer: true });
    expect(linkTo(high, lower.signer.did)).toEqual({ open: true, offerer: false });
    for (const mesh of [low, high]) mesh.close("done");
  });
});
