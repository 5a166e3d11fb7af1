/** The line under an answer that is being written: who answers, where the request stands, and why it moved. */
import { css, html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { capitalized } from "../../core";
import type { StoredRoute } from "../../grid";
import { icon, chipIcon, peopleIcon, rightIcon } from "../icons";
import { avatar } from "../people/avatar";
import type { RunningAnswer } from "../state/answer-run";
import { hopLine, progressLine } from "./places";

export const answeringStyles = css`
  .answering {
    display: grid;
    gap: 0.25rem;
    margin-top: 0.5rem;
    color: var(--mg-muted);
    font-size: 0.875rem;
  }
  .answering > div {
    display: flex;
    align-items: center;
    gap: 0.625rem;
    min-height: 2rem;
    overflow-wrap: anywhere;
  }
  .answering .avatar {
    flex: none;
  }
  .answering .mark {
    display: grid;
    flex: none;
    place-items: center;
    width: 24px;
    height: 24px;
    border-radius: 50%;
    background: var(--mg-accent-soft);
    color: var(--mg-accent);
  }
  .hop {
    color: var(--mg-warning);
    animation: hop 0.6s ease-out;
  }
  .hop .from {
    opacity: 0.45;
  }
  .hop .to {
    animation: land 0.6s ease-out;
  }
  @keyframes hop {
    from {
      background: color-mix(in oklab, var(--mg-warning) 18%, transparent);
    }
  }
  @keyframes land {
    from {
      transform: translateX(-2.25rem) scale(0.6);
      opacity: 0;
    }
  }
  .dots {
    display: inline-flex;
    flex: none;
    gap: 4px;
  }
  .dots i {
    width: 6px;
    height: 6px;
    border-radius: 50%;
    background: var(--mg-accent);
    animation: wait 1.2s ease-in-out infinite;
  }
  .dots i:nth-child(2) {
    animation-delay: 0.15s;
  }
  .dots i:nth-child(3) {
    animation-delay: 0.3s;
  }
  @keyframes wait {
    0%,
    60%,
    100% {
      opacity: 0.3;
    }
    30% {
      opacity: 1;
    }
  }
`;

/** The line as a status, so that screen readers hear who answers and each move. */
export function answeringView(running: RunningAnswer): TemplateResult {
  const routes = running.message.answer?.routes ?? [];
  const last = routes.at(-1);
  const before = routes.at(-2);
  return html`<div class="answering" role="status">
    ${last && before ? keyed(routes.length, hopView(last, before)) : nothing}
    <div>
      ${last && running.phase !== "waiting-for-model" ? face(last) : nothing}
      <span>${progressLine(running)}</span>
      <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>
    </div>
  </div>`;
}

/** A line that slides in when the answer moves, and stays until it is complete. */
function hopView(route: StoredRoute, before: StoredRoute): TemplateResult {
  return html`<div class="hop">
    <span class="from">${face(before)}</span>${icon(rightIcon, 14)}<span class="to">${face(route)}</span>
    <span>${capitalized(hopLine(route, before))}</span>
  </div>`;
}

function face({ provider }: StoredRoute): TemplateResult {
  if (provider.kind === "peer") return avatar(provider.id, 24);
  return html`<span class="mark">${icon(provider.kind === "pipeline" ? peopleIcon : chipIcon, 14)}</span>`;
}
