import { beforeEach, describe, expect, test } from "vitest";
import type { ConversationStore } from "../../grid";
import { type ShownToast, exchange as exchangeIn, openChats } from "../testing/open-chats";
import { type ScriptedModel, settle } from "../testing/scripted-model";
import type { Chats } from "./chats";

let store: ConversationStore;
let model: ScriptedModel;
let chats: Chats;
let toasts: ShownToast[];
const page = { hash: "" };

beforeEach(async () => ({ store, model, chats, toasts } = await openChats(page)));

const texts = (): string[] => chats.messages.map(({ content }) => content);
const exchange = (question: string, answer: string) => exchangeIn(chats, model, question, answer);

describe("in a list of conversations,", () => {
  test("an answer goes on while another conversation is shown", async () => {
    const sent = chats.send("Capital?");
    await settle();
    await model.say("To");
    const first = chats.currentId!;
    await chats.select(undefined);
    expect(texts()).toEqual([]);
    expect(chats.writing).toBe(false);
    await model.say("kyo");
    await model.end();
    await sent;
    expect(texts()).toEqual([]);
    await chats.select(first);
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
  });

  test("an unknown conversation leads to a new chat", async () => {
    page.hash = "#/c/missing";
    await chats.select("missing");
    expect(page.hash).toBe("#/");
    expect(toasts).toHaveLength(1);
  });

  test("a conversation that loads late does not replace one that was selected after it", async () => {
    const one = await store.create();
    const two = await store.create();
    const late = chats.select(one.id);
    await chats.select(two.id);
    await late;
    expect(chats.current?.id).toBe(two.id);
    expect(page.hash).toBe("");
  });

  test("all are deleted at once, and undo brings all back", async () => {
    await store.create();
    await store.create();
    await settle();
    await chats.remove(...chats.list);
    await settle();
    expect(chats.list).toEqual([]);
    expect(toasts.map(({ text }) => text)).toEqual(["Deleted 2 conversations"]);
    toasts[0]!.action!.run();
    await settle();
    expect(chats.list).toHaveLength(2);
  });

  test("a draft belongs to the chat in which it was typed", async () => {
    const save = chats.draftSaver("Half a quest");
    await exchange("Capital?", "Tokyo");
    void save();
    expect(await chats.draft()).toBe("");
    await chats.select(undefined);
    expect(await chats.draft()).toBe("Half a quest");
  });

  test("a change by another tab is shown", async () => {
    await exchange("Capital?", "Tokyo");
    await store.setMessages(chats.currentId!, (messages) => messages.slice(0, 1));
    await settle();
    expect(texts()).toEqual(["Capital?"]);
  });
});

describe("deleting a conversation", () => {
  test("removes it and shows a new chat; undo brings it back", async () => {
    await exchange("Capital?", "Tokyo");
    await settle();
    const [summary] = chats.list;
    await chats.remove(summary!);
    await settle();
    expect(chats.list).toEqual([]);
    expect(page.hash).toBe("#/");
    await chats.select(undefined);
    expect(toasts[0]?.text).toBe("Deleted “Capital?”");
    toasts[0]!.action!.run();
    await settle();
    expect(chats.list).toEqual([summary]);
    expect(page.hash).toBe(`#/c/${summary!.id}`);
    await chats.select(summary!.id);
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
  });

  test("stops its answer, which does not bring it back", async () => {
    void chats.send("Capital?");
    await settle();
    await model.say("To");
    await chats.remove(chats.list[0]!);
    await settle();
    expect(chats.writing).toBe(false);
    expect(await store.list()).toEqual([]);
  });
});
