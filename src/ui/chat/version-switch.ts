/** Chooses among the versions of a message: ‹ 2/3 ›. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { MessageVersion } from "../../grid";
import { icon, rightIcon } from "../icons";

export const versionStyles = css`
  .versions {
    display: inline-flex;
    align-items: center;
    color: var(--mg-muted);
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .versions .icon-button {
    width: 1.5rem;
  }
  .versions .older {
    rotate: 180deg;
  }
`;

/** Nothing if there is only one version. `choose` is called with the step to another one: 1 for the next newer. */
export function versionSwitch(
  version: MessageVersion | undefined,
  busy: boolean,
  choose: (step: 1 | -1) => void,
): TemplateResult | typeof nothing {
  if (!version || version.count < 2) return nothing;
  const { index, count } = version;
  const button = (label: string, step: 1 | -1, possible: boolean): TemplateResult =>
    html`<button
      class="icon-button small ${step < 0 ? "older" : ""}"
      aria-label=${label}
      title=${label}
      ?disabled=${busy || !possible}
      @click=${() => choose(step)}
    >
      ${icon(rightIcon, 16)}
    </button>`;
  return html`<span class="versions" role="group" aria-label="Versions"
    >${button("Previous version", -1, index > 0)}<span aria-label="Version ${index + 1} of ${count}"
      >${index + 1}/${count}</span
    >${button("Next version", 1, index < count - 1)}</span
  >`;
}
