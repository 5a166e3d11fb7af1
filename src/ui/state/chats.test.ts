import { beforeEach, describe, expect, test } from "vitest";
import { MicrogridError } from "../../core";
import { ConversationStore, type StoredMessage } from "../../grid";
import { ScriptedModel, settle, stubBrowser } from "../testing/scripted-model";
import { Answers } from "./answers";
import { Chats } from "./chats";
import type { Toast } from "./panels";

let store: ConversationStore;
let model: ScriptedModel;
let chats: Chats;
let toasts: { text: string; action: Toast["action"] }[];
const page = { hash: "" };

/** The page as it is after a reload: all that is left is in the store. */
function openPage(): Chats {
  const answers = new Answers(store, model.find);
  const toast = (text: string, action?: Toast["action"]): void => void toasts.push({ text, action });
  return new Chats({ store, answers, lastModel: () => "guide", toast });
}

beforeEach(async () => {
  stubBrowser(page);
  page.hash = "";
  toasts = [];
  store = await ConversationStore.open();
  model = new ScriptedModel();
  chats = openPage();
});

const texts = (): string[] => chats.messages.map(({ content }) => content);
const last = (): StoredMessage => chats.messages.at(-1)!;

/** Sends a message and has it answered. */
async function exchange(question: string, answer: string): Promise<void> {
  const sent = chats.send(question);
  await settle();
  await model.say(answer);
  await model.end();
  await sent;
}

describe("a sent message", () => {
  test("creates the conversation, shows it, and starts an answer", async () => {
    await exchange("  Capital?  ", "Tokyo");
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
    expect(page.hash).toBe(`#/c/${chats.currentId}`);
    await settle();
    expect(chats.list).toMatchObject([{ id: chats.currentId, title: "Capital?" }]);
    await exchange("Sure?", "Yes");
    expect(texts()).toEqual(["Capital?", "Tokyo", "Sure?", "Yes"]);
    expect(model.asked[1]?.messages.map(({ content }) => content)).toEqual(["Capital?", "Tokyo", "Sure?"]);
    expect(chats.list).toHaveLength(1);
  });

  test("is not taken if it is empty, or while the one before is being sent or answered", async () => {
    expect(await chats.send("  ")).toBe(false);
    expect(chats.currentId).toBeUndefined();
    void chats.send("First?");
    expect(await chats.send("At once?")).toBe(false);
    await settle();
    expect(await chats.send("Second?")).toBe(false);
    expect(chats.list).toHaveLength(1);
    expect(texts()).toEqual(["First?", ""]);
    expect(chats.writing).toBe(true);
  });

  test("applies the settings that were made before the conversation", async () => {
    await chats.changeSettings({ sampling: { temperature: 1 }, stop: [] });
    void chats.send("Capital?");
    await settle();
    expect(model.asked[0]?.sampling.temperature).toBe(1);
    await chats.select(undefined);
    expect(chats.settings.sampling).toEqual({});
  });
});

describe("a message that is longer than the model can read", () => {
  const refusal = new MicrogridError("context-exceeded", "This message has 25,000 tokens; Guide reads at most 1,024.");

  test("is a draft again, and leaves no empty chat behind", async () => {
    const sent = chats.send("Long?");
    await settle();
    const refused = expect(sent).rejects.toBe(refusal);
    await model.fail(refusal);
    await refused;
    await settle();
    expect(page.hash).toBe("#/");
    expect(chats.list).toEqual([]);
    await chats.select(undefined);
    expect(await chats.draft()).toBe("Long?");
  });

  test("leaves the messages before it as they were", async () => {
    await exchange("Capital?", "Tokyo");
    const sent = chats.send("Long?");
    await settle();
    const refused = expect(sent).rejects.toBe(refusal);
    await model.fail(refusal);
    await refused;
    await settle();
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
    expect(await chats.draft()).toBe("Long?");
  });

  test("does not replace the message that was edited", async () => {
    await exchange("Capital?", "Tokyo");
    const edited = chats.edit(chats.messages[0]!.id, "Long?");
    await settle();
    const refused = expect(edited).rejects.toBe(refusal);
    await model.fail(refusal);
    await refused;
    await settle();
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
  });
});

describe("an answer that ended early", () => {
  test("is kept when it is stopped, and can be continued", async () => {
    const sent = chats.send("Capital?");
    await settle();
    await model.say("To");
    chats.stop();
    await sent;
    expect(last()).toMatchObject({ status: "interrupted", content: "To" });
    const continued = chats.continueAnswer(last());
    await settle();
    await model.say("kyo");
    await model.end();
    await continued;
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
    expect(model.asked[1]?.resume).toMatchObject({ text: "To" });
  });

  test("is shown as stopped after a reload, and continues from its stored text", async () => {
    void chats.send("Capital?");
    await settle();
    await model.say("To");
    void chats.answers.flush();
    await settle();
    const id = chats.currentId!;
    const written = (await store.get(id))!;
    expect(written.messages[1]).toMatchObject({ status: "streaming", content: "To" });
    // Nobody holds the lock of an answer under another id: its tab is gone.
    await store.put({ ...written, messages: written.messages.map((each) => ({ ...each, id: `${each.id}-left` })) });
    chats.close();
    chats = openPage();
    await chats.select(id);
    expect(last()).toMatchObject({ status: "interrupted", content: "To" });
    void chats.continueAnswer(last());
    await settle();
    expect(model.asked.at(-1)?.resume).toMatchObject({ ids: [1], text: "To" });
  });

  test("shows why it failed, and can be requested again", async () => {
    const sent = chats.send("Capital?");
    await settle();
    await model.fail(new MicrogridError("device-lost", "The GPU was reset."));
    await sent;
    expect(last()).toMatchObject({ status: "failed", answer: { error: { message: "The GPU was reset." } } });
    const again = chats.regenerate();
    await settle();
    await model.say("Tokyo");
    await model.end();
    await again;
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
  });
});

describe("a chat", () => {
  /** Has the last answer made again. */
  async function again(answer: string, wanted?: string): Promise<void> {
    const made = chats.regenerate(wanted);
    await settle();
    await model.say(answer);
    await model.end();
    await made;
  }

  test("keeps every version of an answer, and goes on after the one that is shown", async () => {
    await exchange("Capital?", "Kyoto");
    await again("Osaka");
    await again("Tokyo");
    expect(texts()).toEqual(["Capital?", "Tokyo"]);
    expect(chats.versionOf(last().id)).toEqual({ index: 2, count: 3 });
    await chats.showVersion(last().id, -1);
    expect(texts()).toEqual(["Capital?", "Osaka"]);
    await exchange("Sure?", "Yes");
    expect(model.asked.at(-1)?.messages.map(({ content }) => content)).toEqual(["Capital?", "Osaka", "Sure?"]);
    // Another version takes what followed it along, and brings it back.
    await chats.showVersion(chats.messages[1]!.id, -1);
    expect(texts()).toEqual(["Capital?", "Kyoto"]);
    await chats.showVersion(last().id, 1);
    expect(texts()).toEqual(["Capital?", "Osaka", "Sure?", "Yes"]);
    const stored = await store.get(chats.currentId!);
    const copy = await ConversationStore.open();
    await copy.importJson(await store.exportJson());
    expect(await copy.get(stored!.id)).toEqual(stored);
  });

  test("shows no version without a word, and can ask another model", async () => {
    const failing = chats.send("Capital?");
    await settle();
    await model.fail(new MicrogridError("device-lost", "The GPU was reset."));
    await failing;
    await again("Tokyo", "larger");
    expect(chats.versionOf(last().id)).toEqual({ index: 0, count: 1 });
    expect(model.wanted).toEqual(["guide", "larger"]);
    expect(toasts).toEqual([]);
  });

  test("stops a running answer on undo", async () => {
    await exchange("Capital?", "Kyoto");
    void chats.edit(chats.messages[0]!.id, "Biggest city?");
    await settle();
    await model.say("Tok");
    toasts[0]!.action!.run();
    await settle();
    expect(chats.writing).toBe(false);
    expect(texts()).toEqual(["Capital?", "Kyoto"]);
  });

  test("sets the messages after an edited one aside and answers it", async () => {
    await exchange("First?", "One");
    await exchange("Second?", "Two");
    const first = chats.messages[0]!;
    const edited = chats.edit(first.id, " Other? ");
    await settle();
    expect(model.question).toBe("Other?");
    await model.say("Three");
    await model.end();
    await edited;
    expect(texts()).toEqual(["Other?", "Three"]);
    expect(chats.versionOf(chats.messages[0]!.id)).toEqual({ index: 1, count: 2 });
    await chats.showVersion(chats.messages[0]!.id, -1);
    expect(texts()).toEqual(["First?", "One", "Second?", "Two"]);
    await chats.showVersion(chats.messages[0]!.id, 1);
    expect(texts()).toEqual(["Other?", "Three"]);
    expect(toasts[0]?.text).toBe("Message edited");
    toasts[0]!.action!.run();
    await settle();
    expect(texts()).toEqual(["First?", "One", "Second?", "Two"]);
  });

  test("waits until a running answer is stopped", async () => {
    void chats.send("Capital?");
    await settle();
    await chats.regenerate();
    expect(model.asked).toHaveLength(1);
    expect(toasts).toEqual([]);
  });
});

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
