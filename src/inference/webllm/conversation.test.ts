import { describe, expect, it } from "vitest";
import { parseChatConfig, type ConversationTemplate } from "./config";
import { renderConversation } from "./conversation";

function template(patch: Record<string, unknown> = {}): ConversationTemplate {
  const conv = {
    system_template: "<|im_start|>system\n{system_message}<|im_end|>\n",
    system_message: "Be helpful.",
    roles: { user: "<|im_start|>user", assistant: "<|im_start|>assistant" },
    role_content_sep: "\n",
    role_empty_sep: "\n",
    seps: ["<|im_end|>\n"],
    ...patch,
  };
  return parseChatConfig(JSON.stringify({ conv_template: conv, tokenizer_files: ["tokenizer.json"] }), "u")
    .conv_template;
}

const hello = { role: "user", content: "Hello" } as const;

describe("renderConversation", () => {
  it("lets the answer go on after a thought that is given, as the library does", () => {
    expect(renderConversation(template({ role_empty_sep: "" }), [hello], "<think>\n\n</think>\n\n").at(-1)).toBe(
      "<|im_start|>assistant\n<think>\n\n</think>\n\n",
    );
  });

  it("writes ChatML up to where the answer begins, in one piece for each message", () => {
    const messages = [hello, { role: "assistant", content: "Hi" }, { role: "user", content: "Bye" }] as const;
    expect(renderConversation(template(), messages)).toEqual([
      "<|im_start|>system\nBe helpful.<|im_end|>\n",
      "<|im_start|>user\nHello<|im_end|>\n",
      "<|im_start|>assistant\nHi<|im_end|>\n",
      "<|im_start|>user\nBye<|im_end|>\n",
      "<|im_start|>assistant\n",
    ]);
  });

  it("prefers the request's system message to the template's", () => {
    const [system] = renderConversation(template(), [{ role: "system", content: "Be brief." }, hello]);
    expect(system).toBe("<|im_start|>system\nBe brief.<|im_end|>\n");
  });

  it("leaves an empty system message out if the template says so", () => {
    const silent = template({ system_message: "", render_empty_system_message: false });
    expect(renderConversation(silent, [hello])[0]).toBe("<|im_start|>user\nHello<|im_end|>\n");
  });

  it("alternates separators and wraps contents, as Llama 2 requires", () => {
    const llama = template({
      system_template: "[INST] <<SYS>>\n{system_message}\n<</SYS>>\n\n",
      roles: { user: "<s>[INST]", assistant: "[/INST]" },
      role_content_sep: " ",
      role_empty_sep: " ",
      role_templates: { user: "<<{user_message}>>" },
      seps: [" ", " </s>"],
      add_role_after_system_message: false,
    });
    expect(renderConversation(llama, [hello, { role: "assistant", content: "Hi" }, hello]).join("")).toBe(
      "[INST] <<SYS>>\nBe helpful.\n<</SYS>>\n\n<<Hello>> [/INST] Hi </s><s>[INST] <<Hello>> [/INST] ",
    );
  });

  it("treats dollar signs in a message as plain text", () => {
    const priced = template({ role_templates: { user: "{user_message}" } });
    expect(renderConversation(priced, [{ role: "user", content: "$& costs $1" }])[1]).toContain("$& costs $1");
  });

  it("refuses a system message in the middle", () => {
    expect(() => renderConversation(template(), [hello, { role: "system", content: "x" }])).toThrow(/at the start/);
  });
});
