/** Identities and houses through the public API: create, keep, restore, delegate, revoke, export. */
import { type SitePage, expect, gridReady, joinRoom, openRoom, stateOf, test } from "./harness";

const PASSPHRASE = "seven quiet otters";

/** Calls a method of the page's identity. An error comes back as its message. */
async function identity<T>(site: SitePage, method: string, ...args: unknown[]): Promise<T> {
  return site.page.evaluate(
    async ([name, given]) => {
      const { identity: it } = window.microgrid!;
      return (it as unknown as Record<string, (...all: unknown[]) => T>)[name]!.call(it, ...given);
    },
    [method, args] as const,
  );
}

/** The message of the error that a method threw. */
async function refusal(site: SitePage, method: string, ...args: unknown[]): Promise<string> {
  const error = await identity(site, method, ...args).catch((thrown: unknown) => String(thrown));
  if (typeof error !== "string") throw new Error(`${method} did not throw`);
  return error;
}

/** A backup as bytes, for another page. */
async function backup(site: SitePage, method: "exportAll" | "backupHouse"): Promise<number[]> {
  return site.page.evaluate(
    async ([name, passphrase]) => {
      const file = await window.microgrid!.identity[name](passphrase);
      return [...new Uint8Array(await file.arrayBuffer())];
    },
    [method, PASSPHRASE] as const,
  );
}

async function restore(site: SitePage, file: number[], passphrase: string): Promise<string | undefined> {
  return site.page.evaluate(
    async ([bytes, secret]) => {
      try {
        const { identity } = window.microgrid!;
        const blob = new Blob([new Uint8Array(bytes)]);
        const accept = (await identity.previewBackup(blob, secret)).map(({ id }) => id);
        await identity.restoreBackup(blob, secret, { accept });
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    [file, passphrase] as const,
  );
}

async function open(openSite: (options: { name: string }) => Promise<SitePage>, name: string): Promise<SitePage> {
  const site = await openSite({ name });
  await gridReady(site);
  return site;
}

function inAWeek(): Date {
  return new Date(Date.now() + 7 * 24 * 60 * 60 * 1000);
}

test("a house survives a reload, and its phrase restores the same house on another device", async ({ openSite }) => {
  const laptop = await open(openSite, "laptop");
  expect((await stateOf(laptop)).node.house).toBeUndefined();
  const { phrase } = await identity<{ phrase: string }>(laptop, "createHouse", "Ada");
  expect(phrase.split(" ")).toHaveLength(12);
  const { did, house } = (await stateOf(laptop)).node;
  expect(house).toMatchObject({ name: "Ada", keyHere: true, scopes: ["member", "founder"], delegations: [] });
  expect(house?.did).not.toBe(did);

  await laptop.page.reload();
  await gridReady(laptop);
  expect((await stateOf(laptop)).node).toMatchObject({ did, house: { did: house!.did, name: "Ada", keyHere: true } });

  const phone = await open(openSite, "phone");
  const wrong = phrase.replace(/^\w+/, "microgrid");
  expect(await refusal(phone, "restoreHouse", "Ada", wrong)).toContain("Word 1 of the recovery phrase");
  expect((await stateOf(phone)).node.house).toBeUndefined();
  await identity(phone, "restoreHouse", "Ada", `  ${phrase.toUpperCase().replaceAll(" ", "\n")} `);
  const there = (await stateOf(phone)).node;
  expect(there.house).toMatchObject({ did: house!.did, name: "Ada", keyHere: true });
  expect(there.did).not.toBe(did);
});

test("a device joins a house with two texts, in any tab, and leaves it", async ({ openSite }) => {
  const laptop = await open(openSite, "laptop");
  await identity(laptop, "createHouse", "Ada");
  const attached = await laptop.openTab();
  await gridReady(attached);
  expect((await stateOf(attached)).role).toBe("attached");

  const phone = await open(openSite, "phone");
  const request = await identity<string>(phone, "requestDelegation");
  const terms = { label: "the phone", scopes: ["member"], notAfter: inAWeek() };
  const text = await identity<string>(attached, "delegate", request, terms);
  // Both fit a QR code that a phone reads easily.
  expect(request.length).toBeLessThan(150);
  expect(text.length).toBeLessThan(700);
  const { node } = await stateOf(phone);
  await expect
    .poll(async () => (await stateOf(laptop)).node.house?.delegations)
    .toMatchObject([{ subject: node.did, label: "the phone", scopes: ["member"], revoked: false }]);

  expect(await refusal(laptop, "adopt", text)).toContain("is not valid for this device");
  expect(await refusal(phone, "adopt", request)).toContain("This text is a request");
  await identity(phone, "adopt", ` ${text.slice(0, 50)}\n${text.slice(50)} `);
  const adopted = (await stateOf(phone)).node.house;
  expect(adopted).toMatchObject({ name: "Ada", keyHere: false, scopes: ["member"] });
  expect(adopted?.did).toBe((await stateOf(laptop)).node.house?.did);
  expect(await refusal(phone, "delegate", request, terms)).toContain("does not manage the profile");

  await identity(laptop, "revoke", node.did);
  await expect.poll(async () => (await stateOf(attached)).node.house?.delegations[0]?.revoked).toBe(true);
  // Without the key, the house stays, and everything that it has signed.
  await identity(attached, "forgetHouseKey");
  await expect.poll(async () => (await stateOf(laptop)).node.house?.keyHere).toBe(false);
  await identity(phone, "leaveHouse");
  expect((await stateOf(phone)).node.house).toBeUndefined();
});

test("everything that is mine moves to a new device in one file, and a wrong passphrase changes nothing", async ({
  openSite,
}) => {
  const old = await open(openSite, "old");
  await identity(old, "createHouse", "Ada");
  await identity(old, "rename", "Ada’s desk");
  await old.page.evaluate(async () => {
    const grid = window.microgrid!;
    await grid.setPolicy({ prefer: "privacy" });
    await grid.setNetwork({ signaling: ["https://signal.example/"] });
    const { id } = await grid.conversations.create();
    const message = { id: "q1", role: "user" as const, content: "Why is the sky blue?", createdAt: 1 };
    await grid.conversations.setMessages(id, () => [{ ...message, status: "complete" }]);
  });
  const file = await backup(old, "exportAll");
  expect(new TextDecoder("latin1").decode(new Uint8Array(file))).not.toContain("sky");
  const titles = (site: SitePage): Promise<string[]> =>
    site.page.evaluate(async () => (await window.microgrid!.conversations.list()).map(({ title }) => title));
  const before = await titles(old);

  const fresh = await open(openSite, "fresh");
  const untouched = await stateOf(fresh);
  const none = await titles(fresh);
  expect(await restore(fresh, file, "seven quiet otter")).toContain("passphrase does not open this file");
  expect(await restore(fresh, [1, 2, 3], PASSPHRASE)).toContain("not a Microgrid backup");
  expect((await stateOf(fresh)).node).toEqual(untouched.node);
  expect(await titles(fresh)).toEqual(none);

  expect(await restore(fresh, file, PASSPHRASE)).toBeUndefined();
  // A second import adds nothing twice.
  expect(await restore(fresh, file, PASSPHRASE)).toBeUndefined();
  const [there, here] = [await stateOf(fresh), await stateOf(old)];
  expect(there.node).toMatchObject({ name: "Ada’s desk", house: { did: here.node.house!.did, keyHere: true } });
  expect(there.node.did).not.toBe(here.node.did);
  expect(there.policy.prefer).toBe("privacy");
  expect(there.network.signaling).toEqual(["https://signal.example/"]);
  expect(await titles(fresh)).toEqual(before);
  expect(await restore(old, file, PASSPHRASE)).toBeUndefined();
  expect(await titles(old)).toEqual(before);

  // A device that holds another house stays as it was.
  const other = await open(openSite, "other");
  await identity(other, "createHouse", "Bob");
  expect(await restore(other, await backup(old, "backupHouse"), PASSPHRASE)).toContain("another one, “Bob”");
  expect((await stateOf(other)).node.house?.name).toBe("Bob");
});

test("the user's servers are checked and kept, and can be reset to the site's", async ({ openSite }) => {
  const page = await open(openSite, "anna");
  const site = (await stateOf(page)).network;
  const set = (settings: unknown): Promise<string | undefined> =>
    page.page.evaluate(async (patch) => {
      try {
        await window.microgrid!.setNetwork(patch as never);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    }, settings);
  expect(await set({ relayOnly: true })).toContain("need a TURN server");
  expect(await set({ signaling: ["javascript:alert(1)"] })).toContain("is not the address of a signaling server");
  expect((await stateOf(page)).network).toEqual(site);
  const iceServers = [{ urls: "turn:relay.example:3478", username: "anna", credential: "secret" }];
  expect(await set({ iceServers, relayOnly: true })).toBeUndefined();
  await page.page.reload();
  await gridReady(page);
  expect((await stateOf(page)).network).toEqual({ ...site, iceServers, relayOnly: true });
  expect(await set(undefined)).toBeUndefined();
  expect((await stateOf(page)).network).toEqual(site);
});

test("members of a room see each other's houses, and a revocation reaches its device through the room", async ({
  openSite,
}) => {
  const laptop = await open(openSite, "laptop");
  await identity(laptop, "createHouse", "Ada");
  const phone = await open(openSite, "phone");
  const request = await identity<string>(phone, "requestDelegation");
  const terms = { label: "the phone", scopes: ["member"], notAfter: inAWeek() };
  await identity(phone, "adopt", await identity<string>(laptop, "delegate", request, terms));
  const { did } = (await stateOf(phone)).node;

  await openRoom(laptop, false);
  await expect.poll(async () => (await stateOf(laptop)).room?.invite ?? "").not.toBe("");
  await joinRoom(phone, (await stateOf(laptop)).room!.invite);
  const house = (await stateOf(laptop)).node.house!;
  const seen = (site: SitePage) => async (): Promise<unknown> => (await stateOf(site)).room?.peers[0]?.house;
  await expect.poll(seen(laptop)).toEqual({ did: house.did, name: "Ada" });
  await expect.poll(seen(phone)).toEqual({ did: house.did, name: "Ada" });

  await identity(laptop, "revoke", did);
  await expect.poll(async () => (await stateOf(phone)).node.house ?? "nobody").toBe("nobody");
  expect((await stateOf(phone)).notices.map(({ text }) => text).join()).toContain("was removed there");
  await expect.poll(async () => (await seen(laptop)()) ?? "unverified").toBe("unverified");
});
