/**
 * Prompts with tools against those of Jinja2 as Transformers runs it: `scripts/tool-goldens/goldens.py` writes them.
 * `TOOL_FIXTURES=<folder>` writes the templates that it reads.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MORE_TOOL_TEMPLATES } from "../testing/more-tool-templates";
import { TOOL_TEMPLATES } from "../testing/tool-templates";
import { type Tool, type ToolFormatName, jsonObject, toolDefinition } from "../tools";
import type { ChatMessage } from "../types";
import { ChatTemplate } from "./chat-template";
import type { TemplateMessage } from "./turns";

const TEMPLATES = { ...TOOL_TEMPLATES, ...MORE_TOOL_TEMPLATES };
type Family = keyof typeof TEMPLATES;

interface Goldens {
  readonly tools: readonly Tool[];
  readonly chats: Readonly<Record<string, readonly ChatMessage[]>>;
  readonly prompts: Readonly<Record<Family, Readonly<Record<string, string>>>>;
}

const GOLDENS = JSON.parse(readFileSync(new URL("../testing/tool-goldens.json", import.meta.url), "utf8")) as Goldens;
const SPECIALS = { bos_token: "<s>", eos_token: "</s>" };
const NOW = { localTime: "2026-09-03T23:59:30" };
const TOOLS = GOLDENS.tools.map(toolDefinition);
/** Control tokens of a tokenizer that the template does not name. */
const isToken = (text: string): boolean => text === "<|/tool_call|>" || text === "[ARGS]";
const template = (family: Family): ChatTemplate =>
  new ChatTemplate(TEMPLATES[family], SPECIALS, family === "phi4" || family === "ministral3" ? isToken : undefined);
const turns = (messages: readonly ChatMessage[]): TemplateMessage[] =>
  messages.map(({ toolCalls, ...message }) => ({
    ...message,
    ...(toolCalls && { toolCalls: toolCalls.map((call) => ({ ...call, value: jsonObject(call.arguments) })) }),
  }));

const folder = process.env.TOOL_FIXTURES;
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  for (const [family, source] of Object.entries(TEMPLATES)) writeFileSync(`${folder}/${family}.jinja`, source);
}

describe.each<[Family, ToolFormatName]>([
  ["qwen25", "hermes"],
  ["qwen3Coder", "qwen-xml"],
  ["smollm3", "hermes"],
  ["llama32", "llama-json"],
  ["mistralV3", "mistral-list"],
  ["ministral3", "mistral-args"],
  ["phi4", "phi4"],
  ["granite33", "granite"],
  ["lfm2", "lfm2"],
  ["gptOss", "harmony"],
  ["deepseekV3", "deepseek"],
  ["gemma4", "gemma4"],
  ["functionGemma", "function-gemma"],
])("a template in the shape of %s", (family, format) => {
  it("has a place for tools, and the format is known", () => {
    expect(template(family).abilities.tools).toBe(format);
  });

  it.each(Object.keys(GOLDENS.chats))("writes the prompt of Jinja2: %s", (name) => {
    expect(template(family).write(turns(GOLDENS.chats[name]!), { ...NOW, tools: TOOLS })).toBe(
      GOLDENS.prompts[family][name],
    );
  });
});
