/** Avatars: a pattern made from an identity's key, so that two devices with the same name look different. */
import { html, svg, type TemplateResult } from "lit";
import { PATTERN_SIDE, patternOf } from "./pattern";

/** The margin around the cells, in cells. */
const MARGIN = 1.25;
const VIEW = PATTERN_SIDE + 2 * MARGIN;

/** The avatar of an identity, as decoration; `size` in px. */
export function avatar(did: string, size = 36): TemplateResult {
  const { hue, lightness, cellHue, cells } = patternOf(did);
  const path = cells.map(([column, row]) => `M${column + MARGIN} ${row + MARGIN}h1.02v1.02h-1.02z`).join("");
  return html`<svg class="avatar" width=${size} height=${size} viewBox="0 0 ${VIEW} ${VIEW}" aria-hidden="true">
    ${svg`<circle cx=${VIEW / 2} cy=${VIEW / 2} r=${VIEW / 2} fill="oklch(${lightness} 0.13 ${hue})" />
      <path d=${path} fill="oklch(0.9 0.1 ${cellHue})" />`}
  </svg>`;
}
