/** The element before the first question: a greeting, a sentence about where answers come from, and suggestions. */
import { html, nothing, type TemplateResult } from "lit";
import type { Policy } from "../grid";
import { GUIDE } from "../ui/parts";
import { readSuggestions } from "./attributes";

interface BeginningOptions {
  readonly model: string;
  readonly greeting: string;
  readonly suggestions: string;
  /** How far questions may travel; undefined until a grid is open. */
  readonly privacy: Policy["privacy"] | undefined;
  onAsk(question: string): void;
}

export function beginningView({ model, greeting, suggestions, privacy, onAsk }: BeginningOptions): TemplateResult {
  const questions = readSuggestions(suggestions);
  const answerer = model === GUIDE ? ", by a small demo model that knows little" : "";
  return html`<slot name="empty">
      ${greeting.trim() === "" ? nothing : html`<p class="greeting">${greeting}</p>`}
      <p class="muted">Ask a question. It is answered ${placeOf(model, privacy)}${answerer}.</p>
    </slot>
    ${
      questions.length === 0
        ? nothing
        : html`<div class="suggestions" role="group" aria-label="Suggestions">
            ${questions.map((text) => html`<button class="button" @click=${() => onAsk(text)}>${text}</button>`)}
          </div>`
    }`;
}

/** Where the answer will be computed. */
function placeOf(model: string, privacy: BeginningOptions["privacy"]): string {
  if (privacy === "device") return "on your own device";
  return model === "" ? "by the people in the room" : "on your own device or in the room";
}
