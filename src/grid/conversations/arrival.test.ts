/** Importing: nothing that exists here is lost, and importing a file again adds nothing. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { fromJson, toJson } from "./transfer";
import type { Conversation, StoredMessage } from "./schema";
import { ConversationStore } from "./store";

function message(id: string, content: string, status: StoredMessage["status"] = "complete"): StoredMessage {
  return { id, role: "user", content, createdAt: 1, status };
}

function conversation(id: string, ...messages: StoredMessage[]): Conversation {
  return { id, title: "Numbers", createdAt: 1, updatedAt: 2, settings: { sampling: {}, stop: [] }, messages };
}

let store: ConversationStore;
beforeEach(async () => {
  // There is no IndexedDB here, so each store is new and in memory.
  store = await ConversationStore.open();
});

async function contents(): Promise<Record<string, string[]>> {
  const all = fromJson(await store.exportJson());
  return Object.fromEntries(all.map(({ id, messages }) => [id, messages.map(({ content }) => content)]));
}

const [ONE, TWO, THREE] = [message("1", "one"), message("2", "two"), message("3", "three")];

describe("an import", () => {
  test("says how many conversations were new or have grown", async () => {
    await store.put(conversation("a", ONE));
    const file = toJson([conversation("a", ONE), conversation("b", TWO)]);
    expect(await store.readJson(file).bringIn()).toEqual({ ids: ["a", "b"], changed: 1 });
    expect(await store.readJson(file).bringIn()).toEqual({ ids: ["a", "b"], changed: 0 });
    expect(await store.readJson(toJson([conversation("a", ONE, THREE)])).bringIn()).toEqual({ ids: ["a"], changed: 1 });
  });

  test("of one's own export changes nothing, however often", async () => {
    await store.put(conversation("a", ONE, TWO));
    await store.put(conversation("b", message("9", "half an answ", "streaming")));
    const file = await store.exportJson();
    const before = await contents();
    expect(new Set(await store.importJson(file))).toEqual(new Set(["a", "b"]));
    expect(new Set(await store.importJson(file))).toEqual(new Set(["a", "b"]));
    expect(await contents()).toEqual(before);
  });

  test("brings versions that are not here, and keeps those that are", async () => {
    const aside = (id: string) => ({ ...message(id, id), after: "1" });
    await store.put({ ...conversation("a", ONE, TWO), asides: [aside("mine")] });
    const file = toJson([{ ...conversation("a", ONE, TWO), asides: [aside("theirs")] }]);
    await store.importJson(file);
    await store.importJson(file);
    expect((await store.get("a"))?.asides?.map(({ id }) => id)).toEqual(["mine", "theirs"]);
  });

  test("keeps conversations that were continued here", async () => {
    await store.put(conversation("a", ONE, TWO, THREE));
    expect(await store.importJson(toJson([conversation("a", ONE, TWO)]))).toEqual(["a"]);
    expect(await contents()).toEqual({ a: ["one", "two", "three"] });
  });

  test("imports messages that were added elsewhere", async () => {
    await store.put(conversation("a", ONE));
    expect(await store.importJson(toJson([conversation("a", ONE, TWO)]))).toEqual(["a"]);
    expect(await contents()).toEqual({ a: ["one", "two"] });
  });

  test("prefers a finished answer to its beginning, in both directions", async () => {
    const [part, whole] = [message("1", "once upon", "interrupted"), message("1", "once upon a time")];
    await store.put(conversation("a", part));
    await store.importJson(toJson([conversation("a", whole)]));
    await store.importJson(toJson([conversation("a", part)]));
    expect(await contents()).toEqual({ a: ["once upon a time"] });
  });

  test("keeps both if they were continued differently, and only once", async () => {
    await store.put(conversation("a", ONE, TWO));
    const file = toJson([conversation("a", ONE, THREE)]);
    const [id] = await store.importJson(file);
    expect(id).not.toBe("a");
    expect(await store.importJson(file)).toEqual([id]);
    expect(await contents()).toEqual({ a: ["one", "two"], [id!]: ["one", "three"] });
  });

  test("imports conversations that share an id within the file", async () => {
    const ids = await store.importJson(
      toJson([conversation("a", ONE), conversation("a", TWO), conversation("a", ONE)]),
    );
    expect(ids).toHaveLength(2);
    expect(Object.values(await contents())).toEqual(expect.arrayContaining([["one"], ["two"]]));
  });

  test("adds nothing if the file is invalid", async () => {
    await expect(store.importJson("{}")).rejects.toMatchObject({ code: "bad-request" });
    expect(() => store.readJson("nonsense")).toThrow(/not JSON/);
    expect(await contents()).toEqual({});
  });

  test("loses no message of either side and changes nothing the second time, for any two histories", async () => {
    const history = fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 4 });
    const build = (texts: string[]): Conversation =>
      conversation("a", ...texts.map((text, index) => message(String(index), text)));
    await fc.assert(
      fc.asyncProperty(history, history, async (here, brought) => {
        store = await ConversationStore.open();
        await store.put(build(here));
        const file = toJson([build(brought)]);
        await store.importJson(file);
        const after = await contents();
        const begins = (texts: string[]): boolean =>
          Object.values(after).some((kept) => texts.every((text, index) => kept[index] === text));
        expect([begins(here), begins(brought)]).toEqual([true, true]);
        await store.importJson(file);
        expect(await contents()).toEqual(after);
      }),
    );
  });
});
