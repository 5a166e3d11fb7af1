/** Backups: all parts are restored, or none if anything is wrong; unknown settings are ignored. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { MicrogridError, encodeCbor } from "../../core";
import { houseSigner, makeHouseSecret, sealFile } from "../../identity";
import type { Capabilities, GridState } from "../../node";
import { housePart } from "./parts";
import { type PortablePart, type ReadChange, exportParts, readBackup } from "./portable";
import { settingsPart } from "./settings";

const PASSPHRASE = "seven quiet otters";
const refused = { code: "bad-request" };

/** A part that holds a text. */
function part(name: string, value?: unknown): PortablePart & { value: unknown; readonly reads: unknown[] } {
  const made = {
    name,
    value,
    reads: [] as unknown[],
    export: async () => made.value,
    async read(data: unknown) {
      made.reads.push(data);
      if (data === "damaged") throw new MicrogridError("bad-request", `The part ${name} is damaged.`);
      const apply = async (): Promise<void> => {
        made.value = data;
      };
      return [{ id: name, text: name, asks: false, apply }];
    },
  };
  return made;
}

/** Makes the changes of a file, or only those that `wanted` names. */
async function restore(parts: readonly PortablePart[], file: Blob, passphrase: string): Promise<void> {
  await make(await readBackup(parts, file, passphrase));
}

async function make(
  changes: readonly ReadChange[],
  wanted: (change: ReadChange) => boolean = () => true,
): Promise<void> {
  for (const change of changes.filter(wanted)) await change.apply();
}

async function sealed(content: unknown): Promise<Blob> {
  return new Blob([await sealFile(encodeCbor(content), PASSPHRASE)]);
}

describe("a file with parts", () => {
  test("restores each part that it contains", async () => {
    const file = await exportParts(
      [part("a", { deep: [1, "x"] }), part("b", undefined), part("c", "text")],
      PASSPHRASE,
    );
    const back = [part("c"), part("a"), part("b", "stays"), part("d", "stays")];
    await restore(back, file, PASSPHRASE);
    expect(back.map(({ value }) => value)).toEqual(["text", { deep: [1, "x"] }, "stays", "stays"]);
  });

  test("changes nothing if any part is damaged", async () => {
    const back = [part("a", "before"), part("b", "before")];
    const file = await exportParts([part("a", "after"), part("b", "damaged")], PASSPHRASE);
    await expect(restore(back, file, PASSPHRASE)).rejects.toThrow("The part b is damaged.");
    expect(back.map(({ value }) => value)).toEqual(["before", "before"]);
  });

  test("reads nothing with a wrong passphrase, or from a file that is not a backup", async () => {
    const back = [part("a", "before")];
    const file = await exportParts([part("a", "after")], PASSPHRASE);
    await expect(restore(back, file, "another passphrase")).rejects.toMatchObject(refused);
    await expect(restore(back, new Blob(["hello"]), PASSPHRASE)).rejects.toMatchObject(refused);
    const parts = { a: "after" };
    for (const content of [1, {}, { format: "else", v: 1, parts }, { format: "microgrid-backup", v: 2, parts }]) {
      await expect(restore(back, await sealed(content), PASSPHRASE)).rejects.toThrow(/cannot read the backup/);
    }
    expect(back[0]).toMatchObject({ value: "before", reads: [] });
  });

  test("does not treat inherited properties as parts", async () => {
    const odd = part("toString", "before");
    await restore([odd], await sealed({ format: "microgrid-backup", v: 1, parts: {} }), PASSPHRASE);
    expect(odd.reads).toEqual([]);
  });
});

/** `localStorage` of a page; Node has none. */
class PageStorage {
  readonly values = new Map<string, string>();
  getItem = (key: string): string | null => this.values.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.values.set(key, value);
}

/** A node that notes the calls that it gets. */
function noting(): { node: Capabilities; made: unknown[] } {
  const made: unknown[] = [];
  const note = new Proxy(
    {},
    {
      get:
        (_, method) =>
        async (...args: unknown[]) =>
          void made.push([method, ...args]),
    },
  );
  return { node: { settings: note, house: note } as unknown as Capabilities, made };
}

function stateWith(changes: object): () => GridState {
  const usual = {
    node: { name: "Desk", house: undefined },
    policy: { privacy: "room", prefer: "speed" },
    network: { signaling: [], iceServers: [], relayOnly: false },
  };
  return () => ({ ...usual, ...changes }) as unknown as GridState;
}

describe("the settings in a backup", () => {
  let storage: PageStorage;
  beforeEach(() => {
    storage = new PageStorage();
    vi.stubGlobal("localStorage", storage);
    return () => vi.unstubAllGlobals();
  });

  test("contain the name, the policy, the servers and the page's own choices, and no other stored data", async () => {
    const preferences = {
      name: "Ada’s desk",
      policy: { privacy: "device", prefer: "speed" },
      network: { signaling: ["https://mine.example/"] },
    };
    storage.setItem("microgrid.preferences", JSON.stringify(preferences));
    storage.setItem("microgrid.session", '{"invite":"secret"}');
    storage.setItem("microgrid.theme", "dark");
    storage.setItem("elsewhere", "no");
    const data = await settingsPart(noting().node, stateWith({})).export();
    expect(data).toEqual({ ...preferences, page: { "microgrid.theme": "dark" } });
    storage.values.clear();
    const { node, made } = noting();
    await make(await settingsPart(node, stateWith({})).read(data));
    expect(made).toEqual([
      ["rename", "Ada’s desk"],
      ["setPolicy", { privacy: "device" }],
      ["setNetwork", preferences.network],
    ]);
    expect([...storage.values]).toEqual([["microgrid.theme", "dark"]]);
  });

  test("include the servers if only relays are allowed, even those of the site", async () => {
    storage.setItem("microgrid.preferences", JSON.stringify({ network: { relayOnly: true } }));
    const iceServers = [{ urls: "turn:relay.example", username: "a", credential: "b" }];
    const state = stateWith({ network: { signaling: [], iceServers, relayOnly: true } });
    const data = await settingsPart(noting().node, state).export();
    expect(data).toMatchObject({ network: { relayOnly: true, iceServers } });
  });

  test("never weaken a protection, or bring other servers, unless the user agrees", async () => {
    const mine = {
      signaling: ["https://mine.example/"],
      iceServers: [{ urls: "turn:mine.example:3478" }],
      relayOnly: true,
    };
    const state = stateWith({ network: mine, policy: { privacy: "device", prefer: "privacy" } });
    const theirs = { signaling: ["https://evil.example/"], iceServers: [{ urls: "stun:evil.example:3478" }] };
    const data = {
      name: "Ada’s desk",
      policy: { privacy: "anywhere", prefer: "speed" },
      network: { ...theirs, relayOnly: false },
      page: {},
    };
    const { node, made } = noting();
    const changes = await settingsPart(node, state).read(data);
    expect(changes.map(({ id, asks }) => `${id}${asks ? "?" : ""}`)).toEqual([
      "name",
      "privacy?",
      "prefer?",
      "signaling?",
      "relays?",
    ]);
    expect(changes.find(({ id }) => id === "relays")?.text).toMatch(/evil\.example.*may show this device’s address/);
    await make(changes, ({ asks }) => !asks);
    expect(made).toEqual([["rename", "Ada’s desk"]]);
    await make(changes, ({ id }) => id === "relays");
    expect(made.at(-1)).toEqual(["setNetwork", { iceServers: theirs.iceServers, relayOnly: false }]);
  });

  test("may make protections stricter", async () => {
    const iceServers = [{ urls: "turn:mine.example:3478", username: "a", credential: "b" }];
    const state = stateWith({ network: { signaling: [], iceServers, relayOnly: false } });
    const data = { policy: { privacy: "device", prefer: "speed" }, network: { iceServers, relayOnly: true }, page: {} };
    const changes = await settingsPart(noting().node, state).read(data);
    expect(changes.map(({ id, asks }) => [id, asks])).toEqual([
      ["privacy", false],
      ["relays", false],
    ]);
  });

  test("are no change where they are the same already", async () => {
    storage.setItem("microgrid.theme", "dark");
    const data = { name: "Desk", policy: { privacy: "room", prefer: "speed" }, page: { "microgrid.theme": "dark" } };
    expect(await settingsPart(noting().node, stateWith({})).read(data)).toEqual([]);
  });

  test.each([
    ["none", undefined],
    ["a name that reads like a place", { name: "This device", page: {} }],
    ["a key that is not the page's", { page: { "microgrid.session": "{}" } }],
    ["a value that is no text", { page: { "microgrid.theme": 7 } }],
    ["a long value", { page: { "microgrid.theme": "x".repeat(2000) } }],
    ["an empty name", { name: "", page: {} }],
    ["a policy that does not exist", { policy: { privacy: "none", prefer: "speed" }, page: {} }],
    ["servers that make no sense", { network: { signaling: ["javascript:alert(1)"] }, page: {} }],
  ])("are refused with %s", async (_what, data) => {
    const { node, made } = noting();
    await expect(settingsPart(node, stateWith({})).read(data)).rejects.toMatchObject(refused);
    expect(made).toEqual([]);
    expect(storage.values.size).toBe(0);
  });
});

describe("the house in a backup", () => {
  test("is refused while this device has the key of another house, and accepted otherwise", async () => {
    const [mine, other] = [makeHouseSecret(), makeHouseSecret()];
    const data = { v: 1, key: { name: "Ada", secret: mine }, issued: [], revocations: [] };
    const here = async (secret: Uint8Array, keyHere: boolean): Promise<() => GridState> =>
      stateWith({ node: { house: { did: (await houseSigner(secret)).did, name: "Bob", keyHere } } });
    const { node, made } = noting();
    await expect(housePart(node, await here(other, true)).read(data)).rejects.toThrow(/another one, “Bob”/);
    expect(made).toEqual([]);
    for (const state of [await here(mine, true), await here(other, false), stateWith({ node: {} })]) {
      await make(await housePart(node, state).read(data));
    }
    // The key that is here already changes nothing.
    expect(made).toHaveLength(2);
    const [key] = await housePart(node, stateWith({ node: {} })).read(data);
    expect(key).toMatchObject({ id: "house", asks: true, text: expect.stringContaining("“Ada”") as string });
    await expect(housePart(node, stateWith({ node: {} })).read({ v: 1 })).rejects.toThrow(/damaged/);
  });
});
