/** Governed rooms: admission, removal, forbidden requests, and coming back. */
import golden from "./fixtures/golden.json" with { type: "json" };
import type { CharterOptions, MembershipState, RoomPreview } from "../src/grid";
import {
  ask,
  expect,
  expectPeers,
  gridReady,
  joinRoom,
  loadModel,
  type OpenOptions,
  roomOf,
  routesOf,
  type SitePage,
  stateOf,
  test,
  withoutModel,
} from "./harness";

const GREETING = golden.items[0]!;

type Open = (options?: OpenOptions) => Promise<SitePage>;

/** Opens a room with a charter and returns the invite. */
async function found({ page }: SitePage, charter: CharterOptions = {}, name = "Attic"): Promise<string> {
  return page.evaluate(
    async ([title, rules]) => (await window.microgrid!.rooms.create({ name: title, charter: rules })).invite,
    [name, charter] as const,
  );
}

async function visitor(open: Open, name: string): Promise<SitePage> {
  const site = await open({ name });
  await gridReady(site);
  await site.page.evaluate((text) => window.microgrid!.identity.rename(text), name);
  return site;
}

const expectMembership = (site: SitePage, kind: MembershipState["kind"] | "none") =>
  expect.poll(async () => (await stateOf(site)).room?.membership.kind ?? "none").toBe(kind);

const noticesOf = async (site: SitePage): Promise<string> =>
  (await stateOf(site)).notices.map(({ text }) => text).join(" ");

const didOf = async (site: SitePage): Promise<string> => (await stateOf(site)).node.did;

const previewOf = ({ page }: SitePage, invite: string): Promise<RoomPreview> =>
  page.evaluate((link) => window.microgrid!.rooms.preview(link), invite);

const inviteOf = ({ page }: SitePage, options: { uses?: number; lastsMs?: number } = {}): Promise<string> =>
  page.evaluate(
    ({ uses, lastsMs }) =>
      window.microgrid!.rooms.current!.makeInvite({
        ...(uses !== undefined && { uses }),
        ...(lastsMs !== undefined && { endsAt: new Date(Date.now() + lastsMs) }),
      }),
    options,
  );

const remove = ({ page }: SitePage, did: string): Promise<void> =>
  page.evaluate((member) => window.microgrid!.rooms.current!.remove(member), did);

const expectEpoch = (site: SitePage, epoch: number) =>
  expect.poll(async () => (await stateOf(site)).room?.epoch).toBe(epoch);

/** Closes the page without leaving the room, as closing the browser does. */
const goAway = ({ page }: SitePage) => page.goto("about:blank");

test("the charter and the members are shown before anything is shared", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const invite = await found(ada, { purpose: "Physics homework", contribution: "expected" });
  const bob = await visitor(openSite, "Bob");
  const preview = await previewOf(bob, invite);
  expect(preview.charter).toMatchObject({ name: "Attic", purpose: "Physics homework", contribution: "expected" });
  expect(preview.inside.map(({ did, name }) => ({ did, name }))).toEqual([{ did: await didOf(ada), name: "Ada" }]);
  expect((await roomOf(ada)).peers).toEqual([]);
  expect((await stateOf(bob)).room).toBeUndefined();
  await joinRoom(bob, invite);
  await expectPeers(ada, 1);
  expect((await roomOf(bob)).charter?.hash).toBe(preview.charter.hash);
});

test("a guest who knocks comes in when any member agrees, and not otherwise", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const invite = await found(ada, { admission: { kind: "approval" } });
  const bob = await visitor(openSite, "Bob");
  await joinRoom(bob, invite);
  await expectMembership(bob, "knocking");
  const bobDid = await didOf(bob);
  await expect
    .poll(async () => (await roomOf(ada)).knocks.map(({ did, name }) => [did, name]))
    .toEqual([[bobDid, "Bob"]]);
  expect((await roomOf(ada)).peers).toEqual([]);
  await ada.page.evaluate((did) => window.microgrid!.rooms.current!.decline(did), bobDid);
  await expectMembership(bob, "none");
  expect(await noticesOf(bob)).toMatch(/has let this device in/);
  await expect.poll(async () => (await roomOf(ada)).knocks).toEqual([]);

  await joinRoom(bob, invite);
  await expect.poll(async () => (await roomOf(ada)).knocks.length).toBe(1);
  await ada.page.evaluate((did) => window.microgrid!.rooms.current!.admit(did), bobDid);
  await expectPeers(bob, 1);

  // Each member sees the guest, no matter whose door it is at.
  const cyd = await visitor(openSite, "Cyd");
  await joinRoom(cyd, invite);
  const cydDid = await didOf(cyd);
  for (const member of [ada, bob]) {
    await expect.poll(async () => (await roomOf(member)).knocks.map(({ did }) => did)).toEqual([cydDid]);
  }
  await bob.page.evaluate((did) => window.microgrid!.rooms.current!.admit(did), cydDid);
  for (const member of [ada, bob, cyd]) await expectPeers(member, 2);
  for (const member of [ada, bob]) await expect.poll(async () => (await roomOf(member)).knocks).toEqual([]);
});

test("a removed member is out at once and cannot come back", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const invite = await found(ada);
  const [bob, mal] = [await visitor(openSite, "Bob"), await visitor(openSite, "Mal")];
  for (const site of [bob, mal]) await joinRoom(site, invite);
  for (const site of [ada, bob, mal]) await expectPeers(site, 2);
  const old = await inviteOf(mal);
  const roomId = (await roomOf(mal)).id;
  await remove(ada, await didOf(mal));
  for (const site of [ada, bob]) {
    await expectPeers(site, 1);
    await expectEpoch(site, 1);
  }
  await expectMembership(mal, "none");
  expect(await noticesOf(mal)).toMatch(/removed/);

  const fresh = await inviteOf(bob);
  for (const link of [invite, old, fresh]) {
    await joinRoom(mal, link);
    await expectMembership(mal, "none");
  }
  await mal.page.evaluate((id) => window.microgrid!.rooms.enter(id), roomId);
  await expectMembership(mal, "none");
  for (const site of [ada, bob]) expect((await roomOf(site)).peers).toHaveLength(1);

  // Earlier invites are void for everybody; later ones are valid.
  const cyd = await visitor(openSite, "Cyd");
  await expect(previewOf(cyd, invite)).rejects.toThrow(/This invite has ended/);
  await joinRoom(cyd, fresh);
  await expectPeers(cyd, 2);
});

test("a member that was away finds the newest epoch by itself", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const invite = await found(ada);
  const bob = await visitor(openSite, "Bob");
  const mals = [await visitor(openSite, "Mal"), await visitor(openSite, "Max")];
  for (const site of [bob, ...mals]) await joinRoom(site, invite);
  for (const site of [ada, bob]) await expectPeers(site, 3);
  const roomId = (await roomOf(bob)).id;
  const home = bob.page.url();
  await goAway(bob);
  await expectPeers(ada, 2);
  for (const mal of mals) await remove(ada, await didOf(mal));
  await expectEpoch(ada, 2);
  await bob.page.goto(home);
  await gridReady(bob);
  await bob.page.evaluate((id) => window.microgrid!.rooms.enter(id), roomId);
  await expectPeers(bob, 1);
  await expectEpoch(bob, 2);
  await expect.poll(async () => (await roomOf(ada)).peers.map(({ name }) => name)).toEqual(["Bob"]);
  // The page has also tried to enter the room again by itself; that this was interrupted is no news for people.
  await expect(bob.page.getByText("could not be entered again")).toHaveCount(0);
});

test("an invite has a number of uses and an end, and only the member that made it accepts it", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const open = await found(ada);
  const bob = await visitor(openSite, "Bob");
  await joinRoom(bob, open);
  await expectPeers(bob, 1);
  const single = await inviteOf(bob, { uses: 1 });
  const cyd = await visitor(openSite, "Cyd");
  await joinRoom(cyd, single);
  await expectPeers(cyd, 2);
  const dan = await visitor(openSite, "Dan");
  await expect(previewOf(dan, single)).rejects.toThrow(/used up/);
  const short = await inviteOf(ada, { lastsMs: 500 });
  await expect(() => expect(previewOf(dan, short)).rejects.toThrow(/has ended/)).toPass();
  await joinRoom(dan, single);
  await expectMembership(dan, "none");
  expect(await noticesOf(dan)).toMatch(/used up/);
  expect((await roomOf(ada)).peers).toHaveLength(2);
});

test("only devices that the charter lists, or whose house it names, come in", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const [bob, cyd] = [await visitor(openSite, "Bob"), await visitor(openSite, "Cyd")];
  await cyd.page.evaluate(() => window.microgrid!.identity.createHouse("Curie"));
  const house = (await stateOf(cyd)).node.house!.did;
  const invite = await found(ada, { admission: { kind: "listed", dids: [await didOf(bob)] } });
  await joinRoom(bob, invite);
  await expectPeers(bob, 1);
  await joinRoom(cyd, invite);
  await expectMembership(cyd, "none");
  expect(await noticesOf(cyd)).toMatch(/is not on the room's list/);

  // The founder changes its mind, and every node applies the change by itself.
  await ada.page.evaluate(
    (did) => window.microgrid!.rooms.current!.amend({ admission: { kind: "houses", houses: [did] } }),
    house,
  );
  await expectPeers(ada, 0);
  await joinRoom(cyd, await inviteOf(ada));
  await expectPeers(cyd, 1);
  expect((await roomOf(ada)).peers[0]?.house).toEqual({ did: house, name: "Curie" });
});

test("a request that the charter forbids is refused with the name of the rule", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  await loadModel(ada);
  const invite = await found(ada, {
    limits: { jobsAtOnce: undefined, tokensPerAnswer: 60, answersPerHour: undefined },
  });
  await ada.page.evaluate(() => window.microgrid!.rooms.current!.share());
  const bob = await visitor(openSite, "Bob");
  await withoutModel(bob);
  await joinRoom(bob, invite);
  await expectPeers(bob, 1, 1);
  const question = { text: GREETING.messages[0]!.content, provider: "room" };
  const long = await ask(bob, { ...question, maxTokens: 61 });
  expect(long.error?.message).toMatch(/tokensPerAnswer/);
  const short = await ask(bob, { ...question, maxTokens: 60 });
  expect(short.error).toBeUndefined();
  expect(routesOf(short).at(-1)?.provider.kind).toBe("peer");
  await ada.page.evaluate(() => window.microgrid!.rooms.current!.amend({ models: ["another"] }));
  await expectPeers(bob, 1, 0);
});
