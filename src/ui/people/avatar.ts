/** Avatars: a pattern made from an identity's key. In a room, no two members have the same one. */
import { html, svg, type TemplateResult } from "lit";
import { PATTERN_SIDE, patternOf, patternsOf } from "./pattern";

/** The margin around the cells, in cells. */
const MARGIN = 1.25;
const VIEW = PATTERN_SIDE + 2 * MARGIN;

/** The members of the page's room, of which there is at most one. */
let members = "";
let patterns = patternsOf([]);

/** Tells which identities are in the room, so that their avatars differ. Call it before they are drawn. */
export function tellApart(dids: readonly string[]): void {
  // Most changes of the state are about something else.
  const next = dids.join();
  if (next === members) return;
  members = next;
  patterns = patternsOf(dids);
}

/** The avatar of an identity, as decoration; `size` in px. */
export function avatar(did: string, size = 36): TemplateResult {
  const { hue, lightness, cellHue, cells } = patterns.get(did) ?? patternOf(did);
  const path = cells.map(([column, row]) => `M${column + MARGIN} ${row + MARGIN}h1.02v1.02h-1.02z`).join("");
  return html`<svg class="avatar" width=${size} height=${size} viewBox="0 0 ${VIEW} ${VIEW}" aria-hidden="true">
    ${svg`<circle cx=${VIEW / 2} cy=${VIEW / 2} r=${VIEW / 2} fill="oklch(${lightness} 0.13 ${hue})" />
      <path d=${path} fill="oklch(0.9 0.1 ${cellHue})" />`}
  </svg>`;
}
