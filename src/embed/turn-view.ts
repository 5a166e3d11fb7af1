/** One question with its answer, and the line that says where the answer was computed. */
import { html, nothing, type TemplateResult } from "lit";
import { html as staticHtml, unsafeStatic } from "lit/static-html.js";
import type { Route } from "../grid";
import { backendName, formatRate, icon } from "../ui/parts";
import type { Turn } from "./dialogue";
import { MARKDOWN_TAG } from "./markdown-tag";

const markdownTag = unsafeStatic(MARKDOWN_TAG);

/** What a turn needs to be shown. */
export interface TurnOptions {
  /** True once Markdown can be shown; before, it is shown as plain text. */
  readonly markdown: boolean;
  /** True while this turn's copy button says that it has copied. */
  readonly copied: boolean;
  onCopy(): void;
  /** Asks the question again; absent where that makes no sense. */
  readonly onRetry: (() => void) | undefined;
}

export function turnView(turn: Turn, options: TurnOptions): TemplateResult {
  const { answer, status } = turn;
  const running = status === "waiting" || status === "queued" || status === "writing";
  return html`<article class="question" part="question" aria-label="You">${turn.question}</article>
    <article class="answer" part="answer" aria-label="Answer" aria-busy=${running}>
      ${answer === "" ? nothing : text(answer, running, options.markdown)}
      ${running ? (answer === "" ? waiting(turn) : nothing) : ended(turn, options)}
    </article>`;
}

function text(answer: string, running: boolean, markdown: boolean): TemplateResult {
  if (!markdown) return html`<div class="plain">${answer}</div>`;
  return staticHtml`<${markdownTag} class="text" .text=${answer} ?streaming=${running}></${markdownTag}>`;
}

function waiting({ status, queuePosition, routes }: Turn): TemplateResult {
  const words =
    status === "queued"
      ? queuePosition <= 0
        ? "Next in the queue…"
        : `Number ${queuePosition + 1} in the queue…`
      : routes.length === 0
        ? "Waiting for a model…"
        : "Thinking…";
  return html`<div class="waiting muted small">
    <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${words}
  </div>`;
}

function ended(turn: Turn, options: TurnOptions): TemplateResult {
  const { status, answer, error } = turn;
  return html`${
      status === "failed"
        ? html`<div class="error" part="error" role="alert">
            <span>${error}</span>
            ${options.onRetry ? html`<button class="button" @click=${options.onRetry}>Retry</button>` : nothing}
          </div>`
        : nothing
    }
    ${status === "stopped" ? html`<p class="muted small">Stopped before the end.</p>` : nothing}
    ${
      turn.forgotten > 0
        ? html`<p class="muted small">The beginning of this chat no longer fits the model and was left out.</p>`
        : nothing
    }
    <div class="under">
      ${
        answer === ""
          ? nothing
          : html`<button class="icon-button" aria-label="Copy answer" title="Copy" @click=${options.onCopy}>
              ${icon(options.copied ? "check" : "copy", 16)}
            </button>`
      }
      ${origin(turn)}
    </div>`;
}

function origin({ routes, tokensPerSecond }: Turn): TemplateResult | typeof nothing {
  const last = routes.at(-1);
  if (!last) return nothing;
  const moved = routes.length > 1 ? ` · moved ${routes.length - 1 === 1 ? "once" : `${routes.length - 1} times`}` : "";
  const rate = tokensPerSecond === undefined ? "" : ` · ${formatRate(tokensPerSecond)}`;
  return html`<details part="origin">
    <summary aria-label="Where this was answered and why">
      <span class="dot ${last.provider.kind === "local" ? "" : "away"}"></span><b>${place(last)}</b> ·
      ${last.offer.name} · ${backendName(last.offer.backend)}${rate}${moved}
    </summary>
    <ul>
      ${routes.flatMap(({ why }) => why.map((reason) => html`<li>${reason}</li>`))}
    </ul>
  </details>`;
}

function place({ provider }: Route): string {
  return provider.kind === "local" ? "On this device" : `On ${provider.name}`;
}
