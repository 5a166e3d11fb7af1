import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { CHAT_TEMPLATES } from "../testing/chat-templates";
import { ChatTokenizer } from "../tokenizer";
import { abilitiesOf, emptyThought } from "./thinking";

let text: string;

beforeAll(async () => {
  text = await readFile("public/models/guide/tokenizer.json", "utf8");
});

function withTemplate(template: string | undefined): Promise<ChatTokenizer> {
  return ChatTokenizer.parse({ tokenizer: text, config: undefined, template: template ?? false });
}

async function thoughtFor(template: string, asked: Record<string, string | number | boolean>): Promise<string> {
  const tokenizer = await withTemplate(template);
  return emptyThought({ template: asked }, { name: "M", chat: abilitiesOf(tokenizer), tokenizer });
}

describe("the thinking of an MLC model", () => {
  it.each([
    ["can be switched off where the model thinks", CHAT_TEMPLATES.qwen3, { thinks: true, thinking: "switch" }],
    ["is not known of a model that does not think", CHAT_TEMPLATES.chatml, { thinks: false }],
  ] as const)("%s", async (_, template, expected) => {
    const abilities = abilitiesOf(await withTemplate(template));
    expect(abilities).toEqual({ system: true, remembers: false, ...expected });
  });

  it("is not known where the model has no template", async () => {
    expect(abilitiesOf(await withTemplate(undefined))).toBeUndefined();
  });

  it.each([
    ["is left to the model by default", {}, ""],
    ["stays on", { enable_thinking: true }, ""],
    ["is switched off by an empty thought", { enable_thinking: false }, "<think>\n\n</think>\n\n"],
    ["is switched off by no effort", { reasoning_effort: "none" }, "<think>\n\n</think>\n\n"],
    ["stays on with an effort", { reasoning_effort: "low" }, ""],
  ])("%s", async (_, asked, expected) => {
    expect(await thoughtFor(CHAT_TEMPLATES.qwen3, asked as Record<string, string | boolean>)).toBe(expected);
  });

  it("refuses what a model does not know", async () => {
    const refused = (name: string) => ({ code: "bad-request", field: `template.${name}` });
    const thinking = thoughtFor(CHAT_TEMPLATES.chatml, { enable_thinking: false });
    await expect(thinking).rejects.toMatchObject(refused("enable_thinking"));
    const documents = thoughtFor(CHAT_TEMPLATES.qwen3, { documents: "" });
    await expect(documents).rejects.toMatchObject(refused("documents"));
  });
});
