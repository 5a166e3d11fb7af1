/** Backups: all parts are restored, or none if anything is wrong; unknown settings are ignored. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { MicrogridError, encodeCbor } from "../../core";
import { houseSigner, makeHouseSecret, sealFile } from "../../identity";
import type { Capabilities, GridState } from "../../node";
import { housePart, settingsPart } from "./parts";
import { type PortablePart, exportParts, restoreParts } from "./portable";

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
      return async () => {
        made.value = data;
      };
    },
  };
  return made;
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
    await restoreParts(back, file, PASSPHRASE);
    expect(back.map(({ value }) => value)).toEqual(["text", { deep: [1, "x"] }, "stays", "stays"]);
  });

  test("changes nothing if any part is damaged", async () => {
    const back = [part("a", "before"), part("b", "before")];
    const file = await exportParts([part("a", "after"), part("b", "damaged")], PASSPHRASE);
    await expect(restoreParts(back, file, PASSPHRASE)).rejects.toThrow("The part b is damaged.");
    expect(back.map(({ value }) => value)).toEqual(["before", "before"]);
  });

  test("reads nothing with a wrong passphrase, or from a file that is not a backup", async () => {
    const back = [part("a", "before")];
    const file = await exportParts([part("a", "after")], PASSPHRASE);
    await expect(restoreParts(back, file, "another passphrase")).rejects.toMatchObject(refused);
    await expect(restoreParts(back, new Blob(["hello"]), PASSPHRASE)).rejects.toMatchObject(refused);
    const parts = { a: "after" };
    for (const content of [1, {}, { format: "else", v: 1, parts }, { format: "microgrid-backup", v: 2, parts }]) {
      await expect(restoreParts(back, await sealed(content), PASSPHRASE)).rejects.toThrow(/cannot read the backup/);
    }
    expect(back[0]).toMatchObject({ value: "before", reads: [] });
  });

  test("does not treat inherited properties as parts", async () => {
    const odd = part("toString", "before");
    await restoreParts([odd], await sealed({ format: "microgrid-backup", v: 1, parts: {} }), PASSPHRASE);
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
  return () => ({ network: { signaling: [], iceServers: [], relayOnly: false }, ...changes }) as unknown as GridState;
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
    await (
      await settingsPart(node, stateWith({})).read(data)
    )();
    expect(made).toEqual([
      ["rename", "Ada’s desk"],
      ["setPolicy", preferences.policy],
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

  test.each([
    ["none", undefined],
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
      await (
        await housePart(node, state).read(data)
      )();
    }
    expect(made).toHaveLength(3);
    await expect(housePart(node, stateWith({ node: {} })).read({ v: 1 })).rejects.toThrow(/damaged/);
  });
});
