import { beforeEach, describe, expect, test } from "vitest";
import { MicrogridError } from "../../core";
import { ConversationStore, type StoredMessage } from "../../grid";
import { type ShownToast, exchange as exchangeIn, openChats } from "../testing/open-chats";
import { type ScriptedModel, settle } from "../testing/scripted-model";
import type { Chats } from "./chats";

let store: ConversationStore;
let model: ScriptedModel;
let chats: Chats;
let openPage: () => Chats;
let toasts: ShownToast[];
const page = { hash: "" };

beforeEach(async () => ({ store, model, chats, openPage, toasts } = await openChats(page)));

const texts = (): string[] => chats.messages.map(({ content }) => content);
const last = (): StoredMessage => chats.messages.at(-1)!;
const exchange = (question: string, answer: string) => exchangeIn(chats, model, question, answer);

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
