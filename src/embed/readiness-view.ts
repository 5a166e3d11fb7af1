/** The element's progress until it can answer, the reason why it cannot, and mistakes of the page that embeds it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Readiness } from "./grid-controller";

/** `name` is the model's name for people. */
export function readinessView(
  readiness: Readiness,
  name: string,
  onRetry: () => void,
): TemplateResult | typeof nothing {
  switch (readiness.kind) {
    case "ready":
      return nothing;
    case "failed":
      return html`<div class="error" part="error" role="alert">
        <span>${readiness.error.message}</span>
        <button class="button" @click=${onRetry}>Retry</button>
      </div>`;
    default:
      return html`<microgrid-load-progress
        part="progress"
        .name=${readiness.kind === "loading" ? name : ""}
        .progress=${readiness.kind === "loading" ? readiness.progress : undefined}
      ></microgrid-load-progress>`;
  }
}

/** Attributes of the element that are wrong, one sentence for each. */
export function mistakesView(mistakes: readonly string[]): TemplateResult | typeof nothing {
  if (mistakes.length === 0) return nothing;
  return html`<p class="error" part="error" role="alert">${mistakes.join(" ")}</p>`;
}
