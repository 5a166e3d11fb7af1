/** Prompts of exactly as many tokens as are asked for. */
import type { ChatTokenizer } from "../../src/inference/tokenizer";

/** Words that are one token each, with the space before them. */
const WORDS = "the and a of to in it is".split(" ");

/** A chat with one message. */
export interface Prompt {
  /** The message. */
  readonly text: string;
  /** The whole chat in the model's format. */
  readonly written: string;
  readonly tokens: number;
}

/** A prompt with `tokens` tokens in all, those of the chat's format included; another `variety` has other words. Throws if it is not possible. */
export function promptOf(tokenizer: ChatTokenizer, tokens: number, variety = 0): Prompt {
  const messageOf = (words: number): string =>
    Array.from({ length: words }, (_, at) => ` ${WORDS[(at * (variety + 1) + variety) % WORDS.length]!}`).join("");
  const read = (text: string): readonly number[] => tokenizer.read([{ role: "user", content: text }], {});
  const text = messageOf(tokens - read(messageOf(1)).length + 1);
  const written = `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;
  for (const { length } of [read(text), tokenizer.encodePrompt(written)]) {
    if (length !== tokens) throw new Error(`No prompt of ${tokens} tokens could be made: it has ${length}.`);
  }
  return { text, written, tokens };
}
