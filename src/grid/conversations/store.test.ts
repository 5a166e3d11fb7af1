import { expect, test } from "vitest";
import { MicrogridError } from "../../core";
import { ConversationStore } from "./store";

/** Every value that a script may pass by mistake. */
const WRONG = [undefined, null, 7, true, [], {}, Symbol("s"), () => undefined];

/** The methods that need arguments, each with the arguments that are right for it. */
const CALLS = {
  search: ["words"],
  get: ["id"],
  create: [{ stop: [] }],
  put: [{}],
  update: ["id", () => undefined],
  setMessages: ["id", () => undefined],
  setMessage: ["id", {}],
  rename: ["id", "title"],
  remove: ["id"],
  undoRemove: ["id"],
  draft: ["id"],
  saveDraft: ["id", "text"],
  exportJson: [["id"]],
  importJson: ["{}"],
} satisfies Partial<Record<keyof ConversationStore, readonly unknown[]>>;

type Method = (...args: readonly unknown[]) => Promise<unknown>;

test.each(Object.entries<readonly unknown[]>(CALLS))(
  "%s rejects wrong arguments with a MicrogridError and stores nothing",
  async (name, right) => {
    const store = await ConversationStore.open();
    for (const [at, good] of right.entries()) {
      for (const wrong of WRONG.filter((value) => typeof value !== typeof good && value !== undefined)) {
        const method = store[name as keyof typeof CALLS].bind(store) as Method;
        const error = await method(...right.with(at, wrong)).catch((reason: unknown) => reason);
        expect(error, `${name} with ${typeof wrong} as argument ${at + 1}`).toBeInstanceOf(MicrogridError);
      }
    }
    expect(await store.list()).toEqual([]);
  },
);

test("a conversation that the page could not show is never stored", async () => {
  const store = await ConversationStore.open();
  const { id } = await store.create();
  await expect(store.update(id, () => undefined as never)).rejects.toMatchObject({ code: "bad-request" });
  await expect(store.put({ id, messages: "none" } as never)).rejects.toMatchObject({ code: "bad-request" });
  expect(await store.get(id)).toMatchObject({ id, messages: [] });
});
