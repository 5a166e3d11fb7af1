import { describe, expect, it } from "vitest";
import { readTokenizerTexts } from "./tokenizer-files";

async function read(files: Record<string, unknown>) {
  const blobs = Object.entries(files).map(([path, content]) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return [path, new Blob([text])] as const;
  });
  const { config, template } = await readTokenizerTexts(new Map(blobs));
  return { config: JSON.parse(config ?? "null") as Record<string, unknown>, template };
}

const list = [
  { name: "tool_use", template: "tools" },
  { name: "default", template: "chat" },
];

describe("readTokenizerTexts", () => {
  it.each([
    ["a text", { chat_template: "chat" }],
    ["a list with names", { chat_template: list }],
  ])("finds %s in tokenizer_config.json and in chat_template.json", async (_, content) => {
    expect((await read({ "tokenizer_config.json": content })).template).toBe("chat");
    expect((await read({ "chat_template.json": content })).template).toBe("chat");
    expect(
      (await read({ "tokenizer_config.json": { chat_template: null }, "chat_template.json": content })).template,
    ).toBe("chat");
  });

  it.each([["chat"], [list]])("finds %j as the whole of chat_template.json", async (content) => {
    expect((await read({ "chat_template.json": JSON.stringify(content) })).template).toBe("chat");
  });

  it("finds a template among the additional ones, the default if there is one", async () => {
    const tools = { "additional_chat_templates/tool_use.jinja": "tools" };
    expect((await read(tools)).template).toBe("tools");
    expect((await read({ ...tools, "additional_chat_templates/default.jinja": "chat" })).template).toBe("chat");
  });

  it("prefers chat_template.jinja to the others, and the tokenizer's own template to chat_template.json", async () => {
    const others = {
      "tokenizer_config.json": { chat_template: "own" },
      "chat_template.json": { chat_template: "other" },
    };
    expect((await read(others)).template).toBe("own");
    expect((await read({ ...others, "chat_template.jinja": "file" })).template).toBe("file");
  });

  it("has no template if none of the files has one", async () => {
    const odd = { "tokenizer_config.json": { chat_template: 5 }, "chat_template.json": "{", "chat_template.md": "no" };
    expect((await read(odd)).template).toBeUndefined();
  });

  it("takes special tokens from special_tokens_map.json if the settings name none", async () => {
    const map = { bos_token: { content: "<s>", lstrip: false }, eos_token: "</s>", additional_special_tokens: ["<x>"] };
    const files = { "special_tokens_map.json": map };
    expect((await read(files)).config).toMatchObject({ bos_token: { content: "<s>" }, eos_token: "</s>" });
    const own = { bos_token: null, eos_token: "<end>", model_max_length: 1e30 };
    expect((await read({ ...files, "tokenizer_config.json": own })).config).toMatchObject({
      bos_token: { content: "<s>" },
      eos_token: "<end>",
      model_max_length: 1e30,
    });
  });

  it.each([[5], [["<s>"]], [{ id: 1 }], [false]])("leaves out %j as a special token", async (odd) => {
    const { config } = await read({ "tokenizer_config.json": { bos_token: odd, unk_token: "<unk>" } });
    expect(config.bos_token).toBeUndefined();
    expect(config.unk_token).toBe("<unk>");
  });

  it("reads settings as Python writes them", async () => {
    const text = '\ufeff{"model_max_length": Infinity, "chat_template": "chat"}';
    expect(await read({ "tokenizer_config.json": text })).toMatchObject({ template: "chat" });
  });
});
