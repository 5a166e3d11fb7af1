import { beforeAll, describe, expect, it } from "vitest";
import { AnswerTokens } from "./answer-tokens";
import { DEFAULT_SAMPLING } from "./sampling";
import { CHAT_TEMPLATES } from "./testing/chat-templates";
import { guideFile } from "./testing/node";
import { ChatTokenizer } from "./tokenizer";
import type { GenerationEvent, GenerationRequest } from "./types";

const MAX_TOKENS = 40;
let tokenizer: ChatTokenizer;

beforeAll(async () => {
  const [file, config] = [guideFile("tokenizer.json"), guideFile("tokenizer_config.json")];
  tokenizer = await ChatTokenizer.parse({ tokenizer: file, config, template: CHAT_TEMPLATES.qwen3 });
});

function answerOf(request: Partial<GenerationRequest> = {}): Promise<AnswerTokens> {
  const asked = {
    model: "m",
    messages: [{ role: "user", content: "Hi" }] as const,
    sampling: DEFAULT_SAMPLING,
    maxTokens: MAX_TOKENS,
    ...request,
  };
  return AnswerTokens.begin(
    { ...asked, sampling: DEFAULT_SAMPLING },
    {
      name: "M",
      tokenizer,
      contextLength: 1000,
      endIds: new Set(tokenizer.endIds),
      read: (messages) => tokenizer.read(messages, asked),
    },
  );
}

/** The events of a model that would write this text if it were let. */
function written(answer: AnswerTokens, text: string): GenerationEvent[] {
  const events: GenerationEvent[] = [];
  const script = [...tokenizer.encode(text), ...tokenizer.endIds.slice(0, 1)];
  for (let at = 0; !answer.over;) {
    const logits = new Float32Array(2048);
    logits[script[at] ?? 0] = 1;
    const { id, events: more } = answer.take(logits);
    events.push(...more);
    // A token that had to be there instead does not advance the script.
    if (id === script[at]) at++;
  }
  return [...events, ...answer.end({ cachedTokens: 0, startTime: 0, firstTokenTime: 0 })];
}

const textOf = (events: readonly GenerationEvent[], type: "reasoning" | "token"): string =>
  events.flatMap((event) => (event.type === type ? event.text : [])).join("");
const idsOf = (events: readonly GenerationEvent[]): number[] =>
  events.flatMap((event) => ("ids" in event ? event.ids : []));

describe("an answer", () => {
  it("gives the thought and the answer apart", async () => {
    const events = written(await answerOf(), "<think>\nHm.\n</think>\n\nYes.");
    expect([textOf(events, "reasoning"), textOf(events, "token")]).toEqual(["Hm.", "Yes."]);
    expect(events.at(-1)).toMatchObject({ type: "done", finishReason: "stop" });
  });

  it("stops thinking in time to be given", async () => {
    const events = written(await answerOf(), `<think>${"Hm. ".repeat(100)}`);
    const thought = textOf(events, "reasoning");
    expect(thought).toMatch(/^(Hm\. )+Hm/);
    const ids = idsOf(events);
    expect(ids).toHaveLength(MAX_TOKENS);
    expect(tokenizer.decode(ids)).toContain("</think>\n\n");
    expect(textOf(events, "token").length).toBeGreaterThan(0);
  });

  it("goes on with a text as it is: there, the marks of thoughts are text", async () => {
    const prompt = "<|im_start|>assistant\n";
    const text = "<think>\nHm.\n</think>\n\nYes.";
    const whole = written(await answerOf({ messages: [], prompt }), text);
    expect([textOf(whole, "reasoning"), textOf(whole, "token")]).toEqual(["", text]);
    const long = `<think>${"Hm. ".repeat(100)}`;
    const cut = written(await answerOf({ messages: [], prompt }), long);
    expect([textOf(cut, "reasoning"), textOf(cut, "token")]).toEqual(["", tokenizer.decode(idsOf(cut))]);

    const ids = tokenizer.encode(text).slice(0, 4);
    const begun = tokenizer.decode(ids);
    const point = { packageHash: "", tokenizerHash: "other", engine: "onnx", backend: "wasm" } as const;
    const resume = { ...point, ids, idsInText: ids.length, text: begun };
    const rest = written(await answerOf({ messages: [], prompt: "<think>", resume }), text.slice(begun.length));
    expect(textOf(rest, "token")).toBe(text.slice(begun.length));
  });

  it("refuses a text without tokens, and a bias of a token that the model does not have", async () => {
    await expect(answerOf({ messages: [], prompt: "" })).rejects.toThrow("The prompt is empty");
    const { size } = tokenizer;
    await expect(answerOf({ logitBias: [[size, 1]] })).rejects.toThrow(`the token ${size}, but the last token of M`);
    await answerOf({ logitBias: [[size - 1, 1]] });
  });

  it("is the same, wherever another device goes on with it", async () => {
    for (const text of [`<think>${"Hm. ".repeat(100)}`, "<think>\nHm.\n</think>\n\nYes 👍, so it is."]) {
      const whole = written(await answerOf(), text);
      const ids = idsOf(whole);
      const texts = [textOf(whole, "reasoning"), textOf(whole, "token")];
      const pieces = whole.filter((event) => event.type === "reasoning" || event.type === "token");
      for (let count = 1; count < pieces.length; count++) {
        const had = pieces.slice(0, count);
        const point = { packageHash: "", tokenizerHash: tokenizer.hash, engine: "onnx", backend: "wasm" } as const;
        const reasoning = textOf(had, "reasoning");
        const known = idsOf(had);
        const resume = { ...point, ids: known, idsInText: known.length, text: textOf(had, "token"), reasoning };
        // The script goes on behind the tokens that were written.
        const rest = tokenizer.decode(tokenizer.encode(text).slice(scripted(known, text)));
        const more = written(await answerOf({ resume }), rest);
        expect([reasoning + textOf(more, "reasoning"), resume.text + textOf(more, "token")]).toEqual(texts);
        expect([...known, ...idsOf(more)]).toEqual(ids);
      }
    }
  });
});

/** How many tokens of a script are among ids, which may have others between. */
function scripted(ids: readonly number[], text: string): number {
  const script = tokenizer.encode(text);
  let at = 0;
  for (const id of ids) if (id === script[at]) at++;
  return at;
}
