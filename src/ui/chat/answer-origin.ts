/** The line under an answer: where it was computed, why there, and how fast. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { StoredAnswer, StoredRoute } from "../../grid";
import { formatDuration, formatRate } from "../format";
import { icon } from "../icons";
import { plain } from "../plain";
import { base } from "../styles/shared";
import { backendName } from "../state/models";

/** `<mg-answer-origin .answer>`: a summary that opens to the list of reasons. */
@customElement("mg-answer-origin")
export class AnswerOrigin extends LitElement {
  static override readonly styles = [
    base,
    css`
      :host {
        display: block;
        min-width: 0;
        color: var(--mg-muted);
        font-size: 0.8125rem;
        line-height: 1.5;
      }
      summary {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.125rem 0.5rem;
        width: fit-content;
        padding: 0.25rem 0.375rem;
        margin-inline-start: -0.375rem;
        border-radius: var(--mg-radius-s);
        cursor: pointer;
        list-style: none;
        font-variant-numeric: tabular-nums;
      }
      summary::-webkit-details-marker {
        display: none;
      }
      summary:hover {
        background: var(--mg-hover);
      }
      .where {
        color: var(--mg-text);
        font-weight: 500;
        overflow-wrap: anywhere;
      }
      .dot {
        display: inline-block;
        width: 0.5rem;
        height: 0.5rem;
        margin-inline-end: 0.375rem;
        border-radius: 50%;
        background: var(--mg-accent);
      }
      .dot.away {
        background: var(--mg-spark);
      }
      summary > span:not(:last-of-type)::after {
        content: "·";
        margin-inline-start: 0.5rem;
        color: var(--mg-muted);
      }
      svg {
        transition: transform var(--mg-ease);
      }
      details[open] svg {
        transform: rotate(180deg);
      }
      ul {
        margin: 0.375rem 0 0.25rem;
        padding-inline-start: 1.125rem;
      }
      li {
        margin: 0.125rem 0;
        overflow-wrap: anywhere;
      }
      .moved {
        color: var(--mg-warning);
      }
    `,
  ];

  @property({ attribute: false }) answer: StoredAnswer | undefined;
  /** The model's name for people. */
  @property() model = "";

  protected override render(): TemplateResult | typeof nothing {
    const { answer } = this;
    const last = answer?.routes.at(-1);
    if (!answer || !last) return nothing;
    const { tokensPerSecond, firstTokenMs } = answer;
    return html`<details>
      <summary aria-label="Where this was answered and why">
        <span class="where"
          ><span class="dot ${last.provider.kind === "local" ? "" : "away"}"></span>${place(last)}</span
        >
        <span>${this.model || last.model}</span>
        ${last.provider.kind === "pipeline" ? nothing : html`<span>${backendName(last.backend)}</span>`}
        ${tokensPerSecond === undefined ? nothing : html`<span>${formatRate(tokensPerSecond)}</span>`}
        ${firstTokenMs === undefined ? nothing : html`<span>first token ${formatDuration(firstTokenMs)}</span>`}
        ${answer.routes.slice(1).map((route, index) => this.#moved(route, answer.routes[index]))} ${icon("down", 14)}
      </summary>
      <ul aria-label="Reasons">
        ${answer.routes.flatMap((route) => route.why.map((why) => html`<li>${why}</li>`))}
        ${answer.error ? html`<li>${answer.error.message}</li>` : nothing}
      </ul>
    </details>`;
  }

  #moved(route: StoredRoute, before: StoredRoute | undefined): TemplateResult | typeof nothing {
    if (route.attempt <= 1 || !before) return nothing;
    const text = `moved to ${placeName(route)} after ${placeName(before)} left`;
    return html`<span class="moved">${text}${route.exact ? "" : " (wording may differ)"}</span>`;
  }
}

function place(route: StoredRoute): string {
  return route.provider.kind === "local" ? "On this device" : `On ${plain(route.provider.name)}`;
}

function placeName(route: StoredRoute): string {
  return route.provider.kind === "local" ? "this device" : plain(route.provider.name);
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-answer-origin": AnswerOrigin;
  }
}
