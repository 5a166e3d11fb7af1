/** Speaks an answer to screen readers while it comes: sentence by sentence, and who gave it at the end. */
import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { StoredMessage } from "../../grid";
import { answeredLine } from "./places";

/** A sentence is spoken when it is whole, or as long as this, in characters. */
const MAX_SENTENCE_CHARS = 1000;
/** Screen readers read what is added. Older lines are removed, so that nobody finds a second copy of the chat. */
const KEPT_LINES = 3;

interface Line {
  readonly id: number;
  readonly text: string;
}

export class Narration {
  /** Id of the message that is spoken. */
  #message: string | undefined;
  #spokenChars = 0;
  #lines: readonly Line[] = [];
  #count = 0;

  /** The newest lines. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Takes the text of an answer that has grown by `added`; sentences that are whole by now are spoken. */
  hear({ id, content }: StoredMessage, added: string): void {
    if (id !== this.#message) this.#begin(id, content.length - added.length);
    this.#speak(wholeSentences(content.slice(this.#spokenChars)));
  }

  /** The answer has ended: speaks the rest of it, and who gave it. Failures are alerts already. */
  end({ id, content, status, answer }: StoredMessage): void {
    if (id !== this.#message) this.#begin(id, status === "complete" ? 0 : content.length);
    this.#speak(content.slice(this.#spokenChars));
    const last = answer?.routes.at(-1);
    if (status === "interrupted") this.#add("Answer stopped.");
    else if (status === "complete") this.#add(last ? `${answeredLine(last)}.` : "Answer finished.");
  }

  /** Forgets everything, as when another conversation is shown. */
  clear(): void {
    this.#lines = [];
  }

  #begin(message: string, from: number): void {
    this.#message = message;
    this.#spokenChars = from;
  }

  #speak(text: string): void {
    this.#spokenChars += text.length;
    this.#add(withoutMarks(text));
  }

  #add(text: string): void {
    if (text === "") return;
    this.#lines = [...this.#lines, { id: this.#count++, text }].slice(-KEPT_LINES);
  }
}

/** The sentences of a text that is still growing, without the last one, which may go on. */
function wholeSentences(text: string): string {
  if (text.length > MAX_SENTENCE_CHARS) return text;
  const last = [...new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(text)].at(-1);
  return text.slice(0, last?.index ?? 0);
}

/** Signs of Markdown, which nobody wants to hear. */
function withoutMarks(text: string): string {
  return text
    .replace(/[*_`#~|>]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** The region that screen readers listen to. */
export function narrationView({ lines }: Narration): TemplateResult {
  return html`<div class="visually-hidden" aria-live="polite">
    ${repeat(
      lines,
      ({ id }) => id,
      ({ text }) => html`<p>${text}</p>`,
    )}
  </div>`;
}
