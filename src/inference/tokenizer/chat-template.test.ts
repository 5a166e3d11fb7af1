import { afterEach, describe, expect, it, vi } from "vitest";
import { CHAT_TEMPLATES } from "../testing/chat-templates";
import { MORE_TOOL_TEMPLATES } from "../testing/more-tool-templates";
import { TOOL_TEMPLATES } from "../testing/tool-templates";
import { toolDefinition } from "../tools";
import type { ChatAbilities } from "../types";
import { ChatTemplate, type PromptSettings } from "./chat-template";
import type { TemplateMessage } from "./turns";

const SPECIALS = { bos_token: "<s>", eos_token: "</s>" };
const NOW = { localTime: "2026-09-03T23:59:30" };
const system = { role: "system", content: "Be brief." } as const;
const user = (content: string) => ({ role: "user", content }) as const;
const assistant = (content: string) => ({ role: "assistant", content }) as const;

type Family = keyof typeof CHAT_TEMPLATES;
const FAMILIES = Object.keys(CHAT_TEMPLATES) as Family[];
const template = (family: Family): ChatTemplate => new ChatTemplate(CHAT_TEMPLATES[family], SPECIALS);

describe.each(FAMILIES)("the template of %s", (family) => {
  it("writes what a chat holds, in order: with a system message, a stopped answer, and two questions in a row", () => {
    for (const chat of [
      [user("One?")],
      [system, user("One?"), assistant("Two."), user("Three?")],
      [user("One?"), assistant(""), user("Three?")],
      [system, user("One?"), user("Three?")],
      [user("One?"), assistant("Two."), system, user("Three?")],
    ]) {
      const text = template(family).write(chat, NOW);
      // Some templates write the system message elsewhere.
      let at = 0;
      for (const { content } of chat.filter(({ role }) => role !== "system")) {
        expect(text.indexOf(content, at)).toBeGreaterThanOrEqual(at);
        at = text.indexOf(content, at) + content.length;
      }
      if (chat[0] === system) expect(text).toContain(system.content);
    }
  });
});

describe("ChatTemplate", () => {
  it("leaves a chat alone that the template takes", () => {
    expect(template("chatml").write([system, user("One?"), assistant(""), user("Three?")])).toBe(
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n<|im_end|>\n" +
        "<|im_start|>user\nThree?<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it("joins turns and puts a system message before the question only where the template wants that", () => {
    expect(template("gemma2").write([system, user("One?"), assistant(""), user("Three?")])).toBe(
      "<s><start_of_turn>user\nBe brief.\n\nOne?\n\nThree?<end_of_turn>\n<start_of_turn>model\n",
    );
    expect(template("gemma2").abilities.system).toBe(false);
    expect(template("gemma3").abilities.system).toBe(true);
  });

  it("puts a system message before the question if the template would drop it", () => {
    const silent = new ChatTemplate(
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
      {},
    );
    expect(silent.abilities.system).toBe(false);
    expect(silent.write([system, user("One?")])).toBe("Be brief.\n\nOne?");
  });

  it.each<[Family, Partial<ChatAbilities>]>([
    ["chatml", { thinks: false, remembers: false }],
    ["qwen3", { thinks: true, thinking: "switch", remembers: false }],
    ["qwen35", { thinks: true, thinking: "switch", remembers: false }],
    ["smollm3", { thinks: true, thinking: "switch", remembers: false }],
    ["llama32", { thinks: false, remembers: false }],
    ["r1", { thinks: true, remembers: false }],
    ["gemma2", { thinks: false, system: false, alternates: true, remembers: false }],
    ["gptOss", { thinks: true, thinking: "effort", remembers: false }],
    ["lfm2", { thinks: false, remembers: false }],
  ])("finds out what %s can do", (family, abilities) => {
    expect(template(family).abilities).toEqual({ system: true, tools: "generic", ...abilities });
  });

  it("passes variables on that the template knows, under its own names, and refuses others by name", () => {
    const end = (family: Family, values: PromptSettings["template"] = {}) =>
      template(family).write([user("One?")], { ...NOW, template: values });
    const shut = "<think>\n\n</think>\n\n";
    expect(end("qwen3")).not.toContain("<think>");
    expect(end("qwen3", { enable_thinking: false }).endsWith(shut)).toBe(true);
    expect(end("qwen3", { reasoning_effort: "none" })).toBe(end("qwen3", { enable_thinking: false }));
    expect(end("qwen3", { reasoning_effort: "low" })).toBe(end("qwen3"));
    expect(end("qwen35").endsWith("<think>\n")).toBe(true);
    expect(end("gptOss", { reasoning_effort: "high" })).toContain("Reasoning: high");
    expect(end("llama32", { date_string: "1 May 2024" })).toContain("Today Date: 1 May 2024");
    const granite = new ChatTemplate("{{ messages[0].content }}{% if thinking %}<think>{% endif %}", {});
    expect(granite.write([user("One?")], { template: { enable_thinking: true } })).toBe("One?<think>");
    for (const [family, name] of [
      ["chatml", "enable_thinking"],
      ["gptOss", "enable_thinking"],
      ["r1", "reasoning_effort"],
      ["qwen3", "messages"],
      ["llama32", "bos_token"],
    ] as const) {
      expect(() => end(family, { [name]: "x" })).toThrow(
        expect.objectContaining({
          ...{ code: "bad-request", field: `template.${name}` },
          message: expect.stringContaining(`“${name}”`) as unknown,
        }) as Error,
      );
    }
  });

  it("writes the thought of an earlier answer only if the template asks for it", () => {
    const thought = { ...assistant("Two."), reasoning_content: "Hm." };
    expect(template("qwen3").write([user("One?"), thought, user("Three?")])).not.toContain("Hm.");
    const faithful = new ChatTemplate(
      "{% for m in messages %}{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}{% endfor %}",
      {},
    );
    expect(faithful.abilities.remembers).toBe(true);
    expect(faithful.write([user("One?"), thought])).toBe("One?<think>Hm.</think>Two.");
  });

  it.each<[Family, string]>([
    ["chatml", "<|im_end|>\n"],
    ["qwen3", "<|im_end|>\n"],
    ["smollm3", "<|im_end|>\n"],
    ["llama32", "<|eot_id|>"],
    ["r1", "<｜end▁of▁sentence｜>"],
    ["gemma3", "<end_of_turn>\n"],
    ["gptOss", "<|return|>"],
    ["mistral", "</s>"],
  ])("knows what %s writes after an answer", (family, end) => {
    expect(template(family).afterAnswer()).toBe(end);
  });

  it("says that the template cannot be used if it fails on a single question, and quotes it if it refuses a chat", () => {
    expect(() => new ChatTemplate("{{ messages.frobnicate() }}", {})).toThrow(
      expect.objectContaining({ code: "unsupported-model" }) as Error,
    );
    const few = new ChatTemplate(
      "{% if messages|length > 1 %}{{ raise_exception('One question only') }}{% endif %}Q",
      {},
    );
    expect(() => few.write([user("One?"), assistant("Two."), user("Three?")])).toThrow(
      expect.objectContaining({
        ...{ code: "bad-request", field: "messages" },
        message: expect.stringContaining("One question only") as unknown,
      }) as Error,
    );
  });

  it("explains tools in words, and writes calls and results as text, where the template has no place for them", () => {
    const tools = [toolDefinition({ name: "stop", description: "Stops." })];
    const call = (id: string) => ({ id, name: "stop", arguments: "{}", value: {} });
    const chat: TemplateMessage[] = [
      system,
      user("One?"),
      { ...assistant(""), toolCalls: [call("1"), call("2")] },
      { role: "tool", content: "done", toolCallId: "1" },
      { role: "tool", content: "too", toolCallId: "2" },
    ];
    const text = template("chatml").write(chat, { tools });
    const calls = '<tool_call>\n{"name": "stop", "arguments": {}}\n</tool_call>';
    expect(text).toMatch(/^<\|im_start\|>system\nBe brief\.\n\n# Tools\n/);
    expect(text).toContain(
      '{"name": "stop", "description": "Stops.", "parameters": {"type": "object", "properties": {}}}',
    );
    expect(text.slice(text.indexOf("One?"))).toBe(
      `One?<|im_end|>\n<|im_start|>assistant\n${calls}\n${calls}<|im_end|>\n<|im_start|>user\n<tool_response>\ndone\n` +
        "</tool_response>\n<tool_response>\ntoo\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
    );
    // Without a system role, before the question.
    expect(template("gemma2").write(chat.slice(1), { tools })).toMatch(
      /^<s><start_of_turn>user\n# Tools[^]*<\/tool_call>\n\nOne\?/,
    );
    // Without tools, nothing is explained.
    expect(template("chatml").write(chat.slice(0, 2))).not.toContain("# Tools");
  });

  it("mends chats with calls that the template refuses", () => {
    const result: TemplateMessage = { role: "tool", content: "lost result", toolCallId: "?" };
    const gptOss = new ChatTemplate(MORE_TOOL_TEMPLATES.gptOss, SPECIALS);
    // A result without a call, and calls at once.
    expect(gptOss.write([user("One?"), result], NOW)).toContain("<tool_response>\nlost result\n</tool_response>");
    const mistral = new ChatTemplate(TOOL_TEMPLATES.mistralV3, SPECIALS);
    expect(mistral.write([user("One?"), user("Two?"), { ...result, toolCallId: "x".repeat(200) }], NOW)).toMatch(
      /One\?\n\nTwo\?[^]*lost result, "call_id": "[a-z0-9]{9}"/,
    );
  });

  it("writes nothing for special tokens that the model does not have", () => {
    expect(new ChatTemplate("{{ bos_token + messages[0].content }}", { bos_token: "" }).write([user("One?")])).toBe(
      "One?",
    );
  });
});

describe("the date in a prompt", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  it("is that of the request, on devices of every language and time zone", async () => {
    const { DateTimeFormat } = Intl;
    const prompts = [];
    for (const [zone, language] of [
      ["Asia/Tokyo", "ja-JP"],
      ["America/Los_Angeles", "ar-EG"],
      ["Europe/Berlin", "de-DE"],
    ] as const) {
      vi.stubEnv("TZ", zone);
      vi.stubGlobal("Intl", {
        ...Intl,
        DateTimeFormat: function (locales: string | undefined, options: Intl.DateTimeFormatOptions) {
          return new DateTimeFormat(locales ?? language, options);
        },
      });
      vi.resetModules();
      const fresh = await import("./chat-template");
      for (const family of ["llama32", "smollm3", "gptOss"] as const) {
        prompts.push(new fresh.ChatTemplate(CHAT_TEMPLATES[family], SPECIALS).write([user("One?")], NOW));
      }
    }
    const [llama32, smollm3, gptOss] = prompts;
    expect(llama32).toContain("Today Date: 03 Sep 2026\n");
    expect(smollm3).toContain("Today Date: 03 September 2026\n");
    expect(gptOss).toContain("Current date: 2026-09-03\n");
    expect(prompts).toEqual([llama32, smollm3, gptOss, llama32, smollm3, gptOss, llama32, smollm3, gptOss]);
  });
});
