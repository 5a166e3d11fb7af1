/** A model that thinks before it answers, unless it is told not to. It always says the same. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { scriptedDecoder } from "../../src/inference/testing/scripted-decoder";
import type { HubServer } from "./hub-server";

const GUIDE = resolve(import.meta.dirname, "../../public/models/guide");
/** The tokens of the guide, whose tokenizer this model has. */
const GUIDE_VOCABULARY = 2048;
const END = 2;

export const THOUGHT =
  "The question is about a capital. I know this one: **Paris** has been the capital of France for centuries.";
export const ANSWER = "The capital of France is Paris.";

/** Like ChatML, with a switch for thinking and no place for a system message. */
const TEMPLATE = `{%- for message in messages %}
{%- if message.role == 'system' %}{{- raise_exception('System role not supported') }}{%- endif %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think></think>' }}{%- endif %}
{%- endif %}`;

/** Puts the model on a hub under this name. */
export async function putThinker(hub: HubServer, repository: string): Promise<void> {
  const tokenizer = JSON.parse(await readFile(`${GUIDE}/tokenizer.json`, "utf8")) as {
    added_tokens: Record<string, unknown>[];
    model: { vocab: Record<string, number> };
  };
  const [open, close, thought, answer] = ["<think>", "</think>", THOUGHT, ANSWER].map((content, index) => {
    const id = GUIDE_VOCABULARY + index;
    tokenizer.added_tokens.push({ ...tokenizer.added_tokens[0], id, content, special: false });
    return id;
  }) as [number, number, number, number];
  const script = new Map([
    // The end of the line on which the answer begins.
    [tokenizer.model.vocab["Ċ"]!, open],
    [open, thought],
    [thought, close],
    [close, answer],
  ]);
  const config = JSON.parse(await readFile(`${GUIDE}/config.json`, "utf8")) as Record<string, unknown>;
  const names = JSON.parse(await readFile(`${GUIDE}/tokenizer_config.json`, "utf8")) as Record<string, unknown>;
  const texts: Readonly<Record<string, unknown>> = {
    "config.json": { ...config, untrained: true, "transformers.js_config": {} },
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": { ...names, chat_template: TEMPLATE },
  };
  for (const [path, content] of Object.entries(texts)) hub.put(repository, path, JSON.stringify(content));
  const graph = scriptedDecoder(script, { vocabulary: GUIDE_VOCABULARY + 4, end: END });
  hub.put(repository, "onnx/model.onnx", Buffer.from(graph));
}
