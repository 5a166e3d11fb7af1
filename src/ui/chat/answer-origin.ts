/** The line under an answer that says where it was computed, why there, and how fast. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { StoredAnswer, StoredRoute } from "../../grid";
import { formatDuration, formatRate } from "../format";
import { icon } from "../icons";
import { plain } from "../plain";
import { backendName } from "../state/models";

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
  .origin svg {
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
  .origin .moved {
    color: var(--mg-warning);
  }
`;

/** A summary that opens to the list of reasons; `model` is the model's name for people. */
export function originView(answer: StoredAnswer | undefined, model: string): TemplateResult | typeof nothing {
  const last = answer?.routes.at(-1);
  if (!answer || !last) return nothing;
  const { tokensPerSecond, firstTokenMs } = answer;
  return html`<details class="origin" part="origin">
    <summary aria-label="Where this was answered and why">
      <span class="where"><span class="dot ${last.provider.kind === "local" ? "" : "away"}"></span>${place(last)}</span>
      <span>${model || last.model}</span>
      ${last.provider.kind === "pipeline" ? nothing : html`<span>${backendName(last.backend)}</span>`}
      ${tokensPerSecond === undefined ? nothing : html`<span>${formatRate(tokensPerSecond)}</span>`}
      ${firstTokenMs === undefined ? nothing : html`<span>first token ${formatDuration(firstTokenMs)}</span>`}
      ${answer.routes.slice(1).map((route, index) => moved(route, answer.routes[index]))} ${icon("down", 14)}
    </summary>
    <ul aria-label="Reasons">
      ${answer.routes.flatMap((route) => route.why.map((why) => html`<li>${why}</li>`))}
      ${answer.error ? html`<li>${answer.error.message}</li>` : nothing}
    </ul>
  </details>`;
}

function moved(route: StoredRoute, before: StoredRoute | undefined): TemplateResult | typeof nothing {
  if (route.attempt <= 1 || !before) return nothing;
  const text = `moved to ${placeName(route)} after ${placeName(before)} left`;
  return html`<span class="moved">${text}${route.exact ? "" : " (wording may differ)"}</span>`;
}

function place(route: StoredRoute): string {
  return route.provider.kind === "local" ? "On this device" : `On ${plain(route.provider.name)}`;
}

function placeName(route: StoredRoute): string {
  return route.provider.kind === "local" ? "this device" : plain(route.provider.name);
}
