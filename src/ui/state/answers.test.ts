import { beforeEach, describe, expect, test, vi } from "vitest";
import { MicrogridError } from "../../core";
import { type Conversation, ConversationStore, type ResumePoint, type StoredMessage } from "../../grid";
import { OFFER, ScriptedModel, settle, stubBrowser } from "../testing/scripted-model";
import { type AnswerStore, Answers } from "./answers";

const QUESTION: StoredMessage = { id: "q", role: "user", content: "Capital?", createdAt: 1, status: "complete" };
const RESUME: ResumePoint = {
  packageHash: "package",
  tokenizerHash: "tokenizer",
  engine: "onnx",
  backend: "wasm",
  ids: [11, 12],
  idsInText: 2,
  text: "To",
};
const cutOff = (resume?: ResumePoint): StoredMessage => ({
  id: "a",
  role: "assistant",
  content: "To",
  createdAt: 2,
  status: "interrupted",
  answer: { model: "guide", routes: [], ...(resume && { resume }) },
});

let store: ConversationStore;
let model: ScriptedModel;
let answers: Answers;
let conversation: Conversation;

beforeEach(async () => {
  stubBrowser();
  store = await ConversationStore.open();
  model = new ScriptedModel();
  answers = new Answers(store, model.find);
  conversation = await withMessages(QUESTION);
});

async function withMessages(...messages: StoredMessage[]): Promise<Conversation> {
  const { id } = await store.create();
  return (await store.setMessages(id, () => messages))!;
}

async function stored(): Promise<StoredMessage> {
  return (await store.get(conversation.id))!.messages.at(-1)!;
}

describe("an answer", () => {
  test("is streamed, and stored with its routes and its rate", async () => {
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.say("To", "kyo");
    expect(answers.running(conversation.id)).toMatchObject({ phase: "streaming", message: { content: "Tokyo" } });
    expect(answers.asked).toBe("guide");
    await model.end();
    await ended;
    expect(answers.running(conversation.id)).toBeUndefined();
    expect(answers.asked).toBeUndefined();
    const { status, content, answer } = await stored();
    expect({ status, content }).toEqual({ status: "complete", content: "Tokyo" });
    expect(answer).toMatchObject({ model: "guide", routes: [{ provider: { name: "Ben" } }], tokensPerSecond: 100 });
    expect(answer).not.toHaveProperty("resume");
  });

  test("is stored with the time that the model thought", async () => {
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.think("", "Hm", ".");
    expect(answers.running(conversation.id)?.message.answer?.thoughtMs).toBeUndefined();
    await model.say("To");
    expect(answers.running(conversation.id)?.message.answer?.thoughtMs).toBeGreaterThanOrEqual(0);
    await model.end();
    await ended;
    const { content, reasoning, answer } = await stored();
    expect({ content, reasoning }).toEqual({ content: "To", reasoning: "Hm." });
    expect(answer?.thoughtMs).toBeGreaterThanOrEqual(0);
  });

  test("keeps its text and its resume point if it is stopped", async () => {
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.say("To", "kyo");
    answers.stop(conversation.id);
    await ended;
    expect(await stored()).toMatchObject({
      status: "interrupted",
      content: "Tokyo",
      answer: {
        routes: [{ lost: "stopped" }],
        resume: { ids: [1, 2], idsInText: 2, text: "Tokyo", tokenizerHash: "tokenizer" },
      },
    });
  });

  test("keeps both parts if another tab goes on with it, which counts its attempts from 1 again", async () => {
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.say("To");
    await model.lose("tab");
    await model.reroute();
    await model.say("kyo");
    await model.end();
    await ended;
    const { answer } = await stored();
    expect(answer?.routes.map(({ lost }) => lost)).toEqual(["tab", undefined]);
  });

  test("keeps its resume point if it reached the longest length", async () => {
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.say("To");
    await model.end("length");
    await ended;
    expect(await stored()).toMatchObject({
      status: "complete",
      answer: { finishReason: "length", resume: { ids: [1] } },
    });
  });

  test("reports why it failed, and how its last provider was lost", async () => {
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.say("To");
    await model.lose("disconnected");
    expect(answers.running(conversation.id)).toMatchObject({ phase: "lost" });
    const failure = new MicrogridError("no-provider", "Nobody is left.");
    await model.fail(failure);
    expect((await ended)?.error).toBe(failure);
    const { status, answer } = await stored();
    expect(status).toBe("failed");
    expect(answer?.error).toEqual({ code: "no-provider", message: "Nobody is left." });
    expect(answer?.routes.at(-1)).toMatchObject({ why: ["Ben is fast."], lost: "disconnected" });
  });

  test("is written once at a time in a conversation, while other conversations are answered", async () => {
    const first = answers.run(conversation, "guide");
    expect(await answers.run(conversation, "guide")).toBeUndefined();
    const other = await withMessages(QUESTION);
    void answers.run(other, "guide");
    await settle();
    expect([answers.isWriting(conversation.id), answers.isWriting(other.id)]).toEqual([true, true]);
    answers.stop(conversation.id);
    await first;
    expect([answers.isWriting(conversation.id), answers.isWriting(other.id)]).toEqual([false, true]);
  });

  test("is stored while it runs, and at once when the page is closed", async () => {
    void answers.run(conversation, "guide");
    await settle();
    await model.say("To");
    expect((await stored()).content).toBe("");
    void answers.flush();
    await settle();
    expect((await stored()).content).toBe("To");
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 600);
    await model.say("kyo");
    vi.restoreAllMocks();
    expect((await stored()).content).toBe("Tokyo");
  });

  test("does not end as an error if it cannot be stored, and tells so once", async () => {
    const full: AnswerStore = {
      holdAnswer: () => () => undefined,
      setMessages: () => Promise.resolve(),
      setMessage: () => Promise.reject(new Error("The disk is full.")),
    };
    answers = new Answers(full, model.find);
    const unsaved: unknown[] = [];
    answers.on("unsaved", (error) => unsaved.push(error));
    const ended = answers.run(conversation, "guide");
    await settle();
    void answers.flush();
    await model.end();
    expect((await ended)?.message.status).toBe("complete");
    expect(unsaved.map(String)).toEqual(["Error: The disk is full."]);
  });
});

describe("an answer that is stopped", () => {
  test("accepts no more text, even if the model still delivers some", async () => {
    answers = new Answers(store, (search) => model.find({ ...search, signal: new AbortController().signal }));
    const ended = answers.run(conversation, "guide");
    await settle();
    await model.say("To");
    answers.stop(conversation.id);
    await model.say("kyo");
    await ended;
    expect(await stored()).toMatchObject({ status: "interrupted", content: "To" });
  });
});

describe("an answer that is continued", () => {
  test("keeps the time that the model thought", async () => {
    const begun = {
      ...cutOff(),
      content: "To",
      reasoning: "Hm.",
      answer: { model: "guide", routes: [], thoughtMs: 4200 },
    };
    conversation = await withMessages(QUESTION, begun);
    const ended = answers.run(conversation, "guide", begun);
    await settle();
    await model.say("kyo -> Japan");
    await model.end();
    await ended;
    expect((await stored()).answer?.thoughtMs).toBe(4200);
  });

  test("continues from its resume point, and keeps that while it waits", async () => {
    conversation = await withMessages(QUESTION, cutOff(RESUME));
    const ended = answers.run(conversation, "guide", cutOff(RESUME));
    await settle();
    expect(model.asked[0]?.resume).toEqual(RESUME);
    expect((await stored()).answer?.resume).toEqual(RESUME);
    await model.say("kyo");
    answers.stop(conversation.id);
    await ended;
    const { messages } = (await store.get(conversation.id))!;
    expect(messages.map(({ content }) => content)).toEqual(["Capital?", "Tokyo"]);
    expect(messages[1]?.answer?.resume).toMatchObject({ ids: [11, 12, 1], idsInText: 3, text: "Tokyo" });
  });

  test("drops tokens whose text was never delivered", async () => {
    const message = cutOff({ ...RESUME, ids: [11, 12, 13] });
    conversation = await withMessages(QUESTION, message);
    void answers.run(conversation, "guide", message);
    await settle();
    expect(model.asked[0]?.resume).toEqual(RESUME);
  });

  test("continues from its text alone if nothing else is known", async () => {
    conversation = await withMessages(QUESTION, cutOff());
    const ended = answers.run(conversation, "guide", cutOff());
    await settle();
    await model.say("kyo");
    answers.stop(conversation.id);
    await ended;
    expect(model.asked[0]?.resume).toMatchObject({ ids: [], text: "To" });
    // The new tokens do not cover the old text, so they are of no use to resume from.
    expect((await stored()).answer?.resume).toMatchObject({ ids: [], idsInText: 0, text: "Tokyo" });
  });

  test("continues from the text that is shown, whatever its resume point says", async () => {
    for (const other of [{ text: "Paris" }, { reasoning: "Say Paris." }]) {
      const message = cutOff({ ...RESUME, ...other });
      conversation = await withMessages(QUESTION, message);
      void answers.run(conversation, "guide", message);
      await settle();
      expect(model.asked.at(-1)?.resume).toEqual({
        ...RESUME,
        packageHash: "",
        tokenizerHash: "",
        ids: [],
        idsInText: 0,
      });
      answers.stop(conversation.id);
      await settle();
    }
  });

  test("continues from its text if another tokenizer wrote the rest", async () => {
    const message = cutOff({ ...RESUME, tokenizerHash: "other" });
    conversation = await withMessages(QUESTION, message);
    const ended = answers.run(conversation, "guide", message);
    await settle();
    await model.say("kyo");
    answers.stop(conversation.id);
    await ended;
    expect((await stored()).answer?.resume).toMatchObject({ tokenizerHash: "", ids: [], text: "Tokyo" });
  });
});

describe("an answer without a model", () => {
  test("waits for one, and can be stopped meanwhile", async () => {
    answers = new Answers(store, ({ signal, onWait }) => {
      onWait();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    });
    const ended = answers.run(conversation, "guide");
    await settle();
    expect(answers.waiting).toBe(true);
    expect(answers.running(conversation.id)?.phase).toBe("waiting-for-model");
    answers.stop(conversation.id);
    await ended;
    expect(answers.waiting).toBe(false);
    expect((await stored()).status).toBe("interrupted");
  });

  test("is requested from the model that was found instead", async () => {
    const found = { ...OFFER, model: "large" };
    answers = new Answers(store, async (search) => ({ ...(await model.find(search)), offer: found }));
    void answers.run(conversation, "guide");
    await settle();
    expect(model.asked[0]?.model).toBe("large");
    expect(answers.asked).toBe("large");
  });
});
