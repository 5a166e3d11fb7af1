/** A man in the middle swaps the descriptions in signaling, really connects to both sides, and learns nothing. */
import {
  expect,
  expectPeers,
  gridReady,
  joinRoom,
  openRoom,
  type OpenSite,
  type SitePage,
  stateOf,
  test,
} from "./harness";
import { Middle } from "./harness/middle";

/** Two visitors with a man in the middle of their signaling; one of them has opened a room. */
async function victims(openSite: OpenSite, lair: string) {
  const middle = await Middle.start(await openSite({ name: "the middle", url: lair }));
  const options = { prepare: middle.prepare };
  const anna = await openSite({ name: "anna", ...options });
  await gridReady(anna);
  const invite = await openRoom(anna, false);
  const ben = await openSite({ name: "ben", ...options });
  await gridReady(ben);
  const { id } = (await stateOf(anna)).room!;
  const dids = await Promise.all([anna, ben].map(async (victim) => (await stateOf(victim)).node.did));
  return { middle, anna, ben, invite, secrets: [...dids, "did:key", id, "Attic"] };
}

/** Both report tampering, and neither lists a peer. */
async function expectRefusal(...pages: readonly SitePage[]): Promise<void> {
  for (const page of pages) {
    const notices = async () => (await stateOf(page)).notices.map(({ text }) => text).join();
    await expect.poll(notices, { message: `${page.name} should say why` }).toMatch(/tampered/);
    expect((await stateOf(page)).room?.peers ?? []).toEqual([]);
  }
}

/** He had both channels, over DTLS, and the first frames of both sides, and learned nothing from them. */
async function expectNothingLearned(middle: Middle, secrets: readonly string[]): Promise<void> {
  const { carriedBothWays, frames } = await middle.report();
  expect(carriedBothWays).toBeGreaterThan(0);
  for (const fromOfferer of [true, false]) {
    const kinds = frames.filter((frame) => frame.fromOfferer === fromOfferer).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["m1", "m2"]));
  }
  const relayed = frames.map(({ text }) => text).join("");
  for (const secret of secrets) expect(relayed).not.toContain(secret);
}

const LAIR = { "/": "<!doctype html><title>in between</title>" };

test("a guest and a member refuse a man in the middle who has a real connection to each", async ({
  openSite,
  foreignSite,
}) => {
  const { middle, anna, ben, invite, secrets } = await victims(openSite, (await foreignSite(LAIR)).url);
  await joinRoom(ben, invite);
  await expectRefusal(anna, ben);
  await expectNothingLearned(middle, secrets);
});

test("two members refuse him too, and connect again when he is gone", async ({ openSite, foreignSite }) => {
  const { middle, anna, ben, invite, secrets } = await victims(openSite, (await foreignSite(LAIR)).url);
  // While he changes nothing, he does not get in the way.
  middle.rewrites = false;
  await joinRoom(ben, invite);
  await expectPeers(anna, 1);
  await expectPeers(ben, 1);
  expect(middle.offers).toBeGreaterThan(0);
  expect((await middle.report()).frames).toEqual([]);
  middle.rewrites = true;
  await ben.page.reload();
  await gridReady(ben);
  await expectRefusal(ben, anna);
  await expectNothingLearned(middle, secrets);
  middle.rewrites = false;
  await expectPeers(ben, 1);
});
