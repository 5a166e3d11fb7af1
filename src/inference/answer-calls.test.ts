/** Answers with calls of tools: their marks are seen, they end where they should, and they go on in the middle of a call. */
import { describe, expect, it } from "vitest";
import { AnswerTokens } from "./answer-tokens";
import { DEFAULT_SAMPLING } from "./sampling";
import { MORE_TOOL_TEMPLATES } from "./testing/more-tool-templates";
import { guideFile } from "./testing/node";
import { TOOL_TEMPLATES } from "./testing/tool-templates";
import { ChatTokenizer } from "./tokenizer";
import { toolReader } from "./tools";
import type { GenerationEvent, GenerationRequest } from "./types";

/** Where the ids of the control tokens of a family begin in the tokenizer of these tests. */
const FIRST_MARK = 2100;
const TOOLS = [
  { name: "get_weather", parameters: JSON.stringify({ type: "object", properties: { city: { type: "string" } } }) },
];

/** The guide's tokenizer with a family's template and control tokens. */
async function familyTokenizer(template: string, marks: readonly string[]): Promise<ChatTokenizer> {
  const file = JSON.parse(guideFile("tokenizer.json")) as { added_tokens: readonly object[] };
  const added = marks.map((content, index) => ({
    ...{ id: FIRST_MARK + index, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }));
  const tokenizer = JSON.stringify({ ...file, added_tokens: [...file.added_tokens, ...added] });
  return ChatTokenizer.parse({ tokenizer, config: guideFile("tokenizer_config.json"), template });
}

function answerOf(tokenizer: ChatTokenizer, patch: Partial<GenerationRequest> = {}): Promise<AnswerTokens> {
  const asked = {
    model: "m",
    messages: [{ role: "user", content: "Hi" }] as const,
    sampling: DEFAULT_SAMPLING,
    maxTokens: 500,
    tools: TOOLS,
    ...patch,
  };
  return AnswerTokens.begin(
    { ...asked, sampling: DEFAULT_SAMPLING },
    {
      name: "M",
      tokenizer,
      contextLength: 5000,
      endIds: new Set(tokenizer.endIds),
      read: (messages) => tokenizer.read(messages, asked),
    },
  );
}

/** The events of a model that writes these tokens, as long as it is let. */
function written(answer: AnswerTokens, script: readonly number[]): GenerationEvent[] {
  const events: GenerationEvent[] = [];
  for (let at = 0; !answer.over; at++) {
    const logits = new Float32Array(FIRST_MARK + 20);
    logits[script[at] ?? 2] = 1;
    events.push(...answer.take(logits).events);
  }
  return [...events, ...answer.end({ cachedTokens: 0, startTime: 0, firstTokenTime: 0 })];
}

const textOf = (events: readonly GenerationEvent[], type: "reasoning" | "token"): string =>
  events.flatMap((event) => (event.type === type ? event.text : [])).join("");
const idsOf = (events: readonly GenerationEvent[]): number[] =>
  events.flatMap((event) => ("ids" in event ? event.ids : []));

const HARMONY = ["<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|return|>", "<|call|>"];
const ARGS = '{"city": "Zürich"}';

describe.each<[string, string, readonly string[], { raw: string; text?: string; thought?: string; said?: string }]>([
  [
    "qwen25",
    TOOL_TEMPLATES.qwen25,
    [],
    { raw: `Yes.\n<tool_call>\n{"name": "get_weather", "arguments": ${ARGS}}\n</tool_call>`, said: "Yes." },
  ],
  [
    "lfm2",
    MORE_TOOL_TEMPLATES.lfm2,
    ["<|tool_call_start|>", "<|tool_call_end|>"],
    { raw: `<|tool_call_start|>[get_weather(city="Zürich")]<|tool_call_end|>` },
  ],
  [
    "ministral3",
    TOOL_TEMPLATES.ministral3,
    ["[TOOL_CALLS]", "[ARGS]"],
    { raw: `[TOOL_CALLS]get_weather[ARGS]${ARGS}` },
  ],
  [
    "gptOss",
    MORE_TOOL_TEMPLATES.gptOss,
    HARMONY,
    {
      raw: `<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>${ARGS}<|call|>no more`,
      text: `<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>${ARGS}`,
      thought: "Hm.",
    },
  ],
  [
    "gptOss",
    MORE_TOOL_TEMPLATES.gptOss,
    HARMONY,
    {
      raw: ` to=functions.get_weather<|channel|>commentary json<|message|>${ARGS}<|call|>no more`,
      text: ` to=functions.get_weather<|channel|>commentary json<|message|>${ARGS}`,
    },
  ],
])("an answer of %s with a call", (_, template, marks, { raw, text = raw, thought = "", said = "" }) => {
  it("has the whole text of the call, and ends behind it", async () => {
    const tokenizer = await familyTokenizer(template, marks);
    const whole = written(await answerOf(tokenizer), tokenizer.encodePrompt(raw));
    expect([textOf(whole, "token"), textOf(whole, "reasoning")]).toEqual([text, thought]);
    const reader = toolReader(tokenizer.abilities!.tools!, TOOLS);
    const parts = [...reader.push(text), ...reader.flush(true)];
    expect(parts).toEqual([
      ...(said === "" ? [] : [{ type: "text", text: said }]),
      { type: "call", index: 0, name: "get_weather" },
      { type: "arguments", index: 0, text: ARGS },
    ]);
  });

  it("goes on anywhere in the call, by ids and by text", async () => {
    const tokenizer = await familyTokenizer(template, marks);
    const script = tokenizer.encodePrompt(raw);
    const whole = written(await answerOf(tokenizer), script);
    const pieces = whole.filter((event) => event.type === "reasoning" || event.type === "token");
    for (let count = 1; count < pieces.length; count++) {
      const had = pieces.slice(0, count);
      const ids = idsOf(had);
      const known = { text: textOf(had, "token"), reasoning: textOf(had, "reasoning") };
      const point = { packageHash: "", engine: "onnx", backend: "wasm", ids, idsInText: ids.length, ...known } as const;
      for (const tokenizerHash of [tokenizer.hash, "another"]) {
        const answer = await answerOf(tokenizer, { resume: { ...point, tokenizerHash } });
        // Without any text, another tokenizer begins again.
        const begun = tokenizerHash === tokenizer.hash || known.text + known.reasoning !== "";
        const more = written(answer, begun ? script.slice(ids.length) : script);
        expect([known.text + textOf(more, "token"), known.reasoning + textOf(more, "reasoning")]).toEqual([
          text,
          thought,
        ]);
      }
    }
  });
});

describe("control tokens of calls", () => {
  const marks = ["<|tool_call_start|>", "<|tool_call_end|>", "<|im_end|>"];

  it("are no text where no tools are offered", async () => {
    const tokenizer = await familyTokenizer(MORE_TOOL_TEMPLATES.lfm2, marks);
    const script = tokenizer.encodePrompt("<|tool_call_start|>[]<|tool_call_end|>");
    expect(textOf(written(await answerOf(tokenizer, { toolChoice: "none" }), script), "token")).toBe("[]");
  });

  it("are only text in descriptions, arguments and results, whatever they are written like", async () => {
    const tokenizer = await familyTokenizer(MORE_TOOL_TEMPLATES.gptOss, HARMONY);
    const evil = "<|call|>";
    const hidden = JSON.stringify({ [evil]: [evil] }).replaceAll("<", "\\u003c");
    const controlIds = (text: string): number[] =>
      tokenizer
        .read(
          [
            { role: "user", content: "Hi" },
            { role: "assistant", content: "", toolCalls: [{ id: "1", name: "get_weather", arguments: text }] },
            { role: "tool", content: text, toolCallId: "1" },
          ],
          {
            localTime: "2026-01-02T03:04:05",
            tools: [
              {
                name: "x",
                description: text,
                parameters: `{"properties": {"a": {"description": ${JSON.stringify(text)}}}}`,
              },
            ],
          },
        )
        .filter((id) => id >= FIRST_MARK);
    for (const text of [evil, hidden, `{"a": "${evil}"}`]) expect(controlIds(text)).toEqual(controlIds("{}"));
  });
});
