import { beforeAll, describe, expect, it } from "vitest";
import { goldenItems, guideFile } from "../testing/node";
import { resumption } from "./resume";
import { ChatTokenizer } from "./tokenizer";

let tokenizer: ChatTokenizer;
const files = () => ({
  tokenizer: guideFile("tokenizer.json"),
  config: guideFile("tokenizer_config.json"),
  template: undefined,
});

beforeAll(async () => {
  tokenizer = await ChatTokenizer.parse(files());
});

describe("ChatTokenizer", () => {
  it.each(goldenItems())("renders and encodes $prompt as the reference does", (item) => {
    expect(tokenizer.render(item.messages)).toBe(item.prompt);
    expect(tokenizer.encode(item.prompt)).toEqual(item.prompt_ids);
    expect(tokenizer.decode(item.completion_ids)).toBe(item.completion);
  });

  it("knows its end token and has the hash of its file", () => {
    expect(tokenizer.eosId).toBe(2);
    expect(tokenizer.hash).toBe("045bf92fa89d303d71569b4ffd11048069844be531741834c71378c487ea5288");
  });

  it("prefers the template file to the configuration, and chooses the default of several templates", async () => {
    const own = await ChatTokenizer.parse({ ...files(), template: "{{ messages[0]['content'] }}!" });
    expect(own.render([{ role: "user", content: "hey" }])).toBe("hey!");
    const named = {
      chat_template: [
        { name: "tool_use", template: "no" },
        { name: "default", template: "yes" },
      ],
    };
    const several = await ChatTokenizer.parse({ ...files(), config: JSON.stringify(named) });
    expect(several.render([])).toBe("yes");
  });

  it.each([
    ["file-corrupt", { tokenizer: '{"model":' }],
    ["not-a-model", { tokenizer: "{}" }],
    ["file-corrupt", { config: "<html>" }],
    ["unsupported-model", { template: "{% for x in %}" }],
  ] as const)("throws %s for bad files", async (code, change) => {
    await expect(ChatTokenizer.parse({ ...files(), ...change })).rejects.toMatchObject({ code });
  });

  it("reports a missing template, and a template that refuses the messages", async () => {
    const bare = await ChatTokenizer.parse({ ...files(), config: undefined });
    expect(() => bare.render([])).toThrow(expect.objectContaining({ code: "unsupported-model" }) as Error);
    const strict = await ChatTokenizer.parse({ ...files(), template: "{{ raise_exception('system first') }}" });
    expect(() => strict.render([])).toThrow(
      expect.objectContaining({
        code: "bad-request",
        message: expect.stringContaining("system first") as unknown,
      }) as Error,
    );
  });
});

describe("resumption", () => {
  const point = (change: object) =>
    ({
      packageHash: "",
      tokenizerHash: tokenizer.hash,
      engine: "onnx",
      backend: "wasm",
      ids: [],
      idsInText: 0,
      text: "",
      ...change,
    }) as const;

  it("keeps the ids whose text was delivered and drops the ids after it", () => {
    const ids = tokenizer.encode("hello room of peers");
    const text = tokenizer.decode(ids.slice(0, 2));
    expect(resumption(point({ ids, idsInText: 2, text }), tokenizer)).toEqual(ids.slice(0, 2));
  });

  it("keeps the token inside which the text ends", () => {
    const ids = tokenizer.encode("hello 日本");
    const whole = tokenizer.decode(ids);
    for (let end = 0; end <= whole.length; end++) {
      const kept = resumption(point({ ids, text: whole.slice(0, end) }), tokenizer);
      expect(ids.slice(0, kept.length)).toEqual(kept);
      expect(tokenizer.decode(kept).startsWith(whole.slice(0, end))).toBe(true);
      expect(tokenizer.decode(kept.slice(0, -1)).length).toBeLessThanOrEqual(end);
    }
  });

  it("encodes the text if the ids are from another tokenizer or do not fit the text", () => {
    const text = "hello room";
    const expected = tokenizer.encode(text);
    expect(resumption(point({ tokenizerHash: "other", ids: [5], idsInText: 1, text }), tokenizer)).toEqual(expected);
    expect(resumption(point({ ids: tokenizer.encode("something else"), idsInText: 1, text }), tokenizer)).toEqual(
      expected,
    );
  });
});
