/** The line under an answer that says where it was computed, why there, and how fast. */
import { css, html, nothing, type TemplateResult } from "lit";
import { capitalized } from "../../core";
import type { StoredAnswer, StoredRoute } from "../../grid";
import { formatDuration, formatRate } from "../format";
import { icon, downIcon } from "../icons";
import { revealOpened } from "../reveal";
import { backendName } from "../state/models";
import { hopLine, lossLine, placeLine } from "./places";

export const originStyles = css`
  .origin {
    flex: 1 1 16rem;
    min-width: 0;
    color: var(--mg-muted);
    font-size: 0.8125rem;
    line-height: 1.5;
  }
  .origin summary {
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
  .origin summary::-webkit-details-marker {
    display: none;
  }
  .origin summary:hover {
    background: var(--mg-hover);
  }
  .origin .where {
    color: var(--mg-text);
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .origin .dot {
    display: inline-block;
    width: 0.5rem;
    height: 0.5rem;
    margin-inline-end: 0.375rem;
    border-radius: 50%;
    background: var(--mg-accent);
  }
  .origin .dot.away {
    background: var(--mg-spark);
  }
  .origin summary > span:not(:last-of-type)::after {
    content: "·";
    margin-inline-start: 0.5rem;
    color: var(--mg-muted);
  }
  /* The arrow wraps with the last words, never alone. */
  .origin summary > span:last-of-type {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
  }
  .origin svg {
    flex: none;
    transition: transform var(--mg-ease);
  }
  .origin[open] svg {
    transform: rotate(180deg);
  }
  .origin ul {
    margin: 0.375rem 0 0.25rem;
    padding-inline-start: 1.125rem;
  }
  .origin li {
    margin: 0.125rem 0;
    overflow-wrap: anywhere;
  }
  /* The reason for a move is a line of its own on narrow screens. */
  .origin summary > span:has(+ .moved)::after {
    content: none;
  }
  .origin .moved {
    color: var(--mg-warning);
  }
`;

/** A summary that opens to the numbers and the list of reasons; `model` is the model's name for people. */
export function originView(answer: StoredAnswer | undefined, model: string): TemplateResult | typeof nothing {
  const last = answer?.routes.at(-1);
  if (!answer || !last) return nothing;
  const before = answer.routes.at(-2);
  const arrow = icon(downIcon, 14);
  return html`<details class="origin" part="origin" @toggle=${revealOpened}>
    <summary title="Why here?">
      <span class="where"
        ><span class="dot ${last.provider.kind === "local" ? "" : "away"}"></span>${placeLine(last)}</span
      >
      <span>${model || last.model}${before ? nothing : arrow}</span>
      ${before ? html`<span class="moved">${hopLine(last, before)}${arrow}</span>` : nothing}
    </summary>
    <ul aria-label="Reasons">
      <li>${numbersLine(answer, last)}</li>
      ${answer.routes.flatMap((route, index) => reasons(route, answer.routes[index + 1]).map((why) => html`<li>${why}</li>`))}
      ${answer.error ? html`<li>${answer.error.message}</li>` : nothing}
    </ul>
  </details>`;
}

/** Where the numbers of an answer come from: the part of it that came last. */
function numbersLine({ tokensPerSecond, firstTokenMs }: StoredAnswer, { provider, backend }: StoredRoute): string {
  return [
    ...(provider.kind === "pipeline" ? [] : [backendName(backend)]),
    ...(tokensPerSecond === undefined ? [] : [formatRate(tokensPerSecond)]),
    ...(firstTokenMs === undefined ? [] : [`first word after ${formatDuration(firstTokenMs)}`]),
  ].join(" · ");
}

/** The reasons for a route. If no other follows, it also says why the answer got no further. */
function reasons(route: StoredRoute, next: StoredRoute | undefined): readonly string[] {
  const loss = next ? undefined : lossLine(route);
  return loss === undefined ? route.why : [...route.why, `${capitalized(loss)}.`];
}
