/** The thinking that some models write before their answers, as `<think>…</think>`. */

const OPENING = "<think>";
const CLOSING = "</think>";
/** The end of thinking whose beginning was part of the prompt: a line of its own, which text about the tag is not. */
const BARE_CLOSING = /(?:^|\n)<\/think>[ \t]*(?:\n|$)/;

/** An answer and the thinking before it. */
export interface Thought {
  /** Empty if the model did not think. */
  readonly thinking: string;
  /** True if the model has stopped thinking, or never began. */
  readonly done: boolean;
  readonly answer: string;
}

/** Separates the text of an answer, which may still grow, from the thinking before it. */
export function splitThinking(content: string): Thought {
  const text = content.trimStart();
  if (text !== "" && OPENING.startsWith(text)) return { thinking: "", done: false, answer: "" };
  const opened = text.startsWith(OPENING);
  const begin = opened ? OPENING.length : 0;
  const end = opened ? text.indexOf(CLOSING) : text.search(BARE_CLOSING);
  if (end < 0) {
    return opened
      ? { thinking: text.slice(begin).trim(), done: false, answer: "" }
      : { thinking: "", done: true, answer: content };
  }
  const answer = text.slice(text.indexOf(CLOSING, end) + CLOSING.length).trimStart();
  return { thinking: text.slice(begin, end).trim(), done: true, answer };
}

/** The answer alone: for later turns of the chat, which models expect without earlier thinking, and for the clipboard. */
export function withoutThinking(content: string): string {
  return splitThinking(content).answer;
}
