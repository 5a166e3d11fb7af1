/** Where questions are typed. */
import { html, type TemplateResult } from "lit";
import { icon } from "../ui/parts";

/** Tallest that the field grows by itself, px. */
const MAX_HEIGHT_PX = 140;

export interface ComposerOptions {
  readonly text: string;
  readonly placeholder: string;
  /** True while an answer is written: the button stops it. */
  readonly busy: boolean;
  onInput(text: string): void;
  onSend(): void;
  onStop(): void;
}

/** Enter sends, Shift+Enter makes a line, Escape stops. */
export function composerView({ text, placeholder, busy, onInput, onSend, onStop }: ComposerOptions): TemplateResult {
  const onKeydown = (event: KeyboardEvent): void => {
    // The page sees keys as pressed on the element itself, not in a field, and may take them for its shortcuts.
    event.stopPropagation();
    // Enter also ends the composition of an input method; that is not a wish to send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      onSend();
    } else if (event.key === "Escape" && busy) onStop();
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    onSend();
  };
  const quiet = (event: Event): void => event.stopPropagation();
  return html`<form
    class="composer"
    part="composer"
    @submit=${onSubmit}
    @keydown=${onKeydown}
    @keyup=${quiet}
    @keypress=${quiet}
    @click=${(event: Event) => (event.currentTarget as HTMLElement).querySelector("textarea")?.focus()}
  >
    <textarea
      part="input"
      rows="1"
      aria-label="Message"
      placeholder=${placeholder}
      enterkeyhint="send"
      .value=${text}
      @input=${(event: Event) => onInput((event.target as HTMLTextAreaElement).value)}
    ></textarea>
    ${
      busy
        ? html`<button
            class="send"
            part="send"
            type="button"
            aria-label="Stop answering"
            title="Stop (Esc)"
            @click=${onStop}
          >
            ${icon("stop")}
          </button>`
        : html`<button
            class="send"
            part="send"
            type="submit"
            aria-label="Send message"
            title="Send (Enter)"
            ?disabled=${text.trim() === ""}
          >
            ${icon("send")}
          </button>`
    }
  </form>`;
}

/** Makes the field as tall as its text, up to a limit. */
export function fitToText(field: HTMLTextAreaElement): void {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
}
