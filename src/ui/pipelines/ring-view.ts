/** Draws the path of one token through several devices as a ring. */
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { avatar } from "../people/avatar";
import { type Arc, arcPath, pointAt, ringOf } from "./ring";
import { DEVICE_COLOURS } from "./ring-styles";
import type { StageStop } from "./stage-stops";
import { timeText } from "./words";

const RADIUS = 96;
const WIDTH = 15;
/** How much the round line ends add to an arc, in degrees. */
const ROUND = ((WIDTH / 2 / RADIUS) * 180) / Math.PI;
/** The radius for the times of hops: inside the ring, so that the picture stays narrow. */
const TIMES_RADIUS = 69;
const FACE = 30;
/** With more stages than this, their avatars or times would overlap. */
const MOST_FACES = 9;
const MOST_TIMES = 7;
const VIEW = RADIUS + WIDTH / 2 + 12;

interface RingOptions {
  /** A description for screen readers; the list beside the ring has the details. */
  readonly label: string;
  /** The number or word in the middle, and the line below it. */
  readonly middle: string;
  readonly below: string;
  /** Whether to animate a token. */
  readonly moving: boolean;
}

/** The ring of these stages. Needs `deviceColours` and `ringStyles`. */
export function ringView(stops: readonly StageStop[], { label, middle, below, moving }: RingOptions): TemplateResult {
  const arcs = ringOf(stops);
  const timesShown = stops.length <= MOST_TIMES;
  const box = `${-VIEW} ${-VIEW} ${2 * VIEW} ${2 * VIEW}`;
  return html`<svg class="ring" viewBox=${box} role="img" aria-label=${label}>
    ${stops.map((stop, index) => hop(stop, arcs[index], timesShown && goesElsewhere(stop, stops[(index + 1) % stops.length])))}
    ${stops.map((stop, index) => part(stop, arcs[index]))}
    ${moving ? svg`<g class="token"><circle cy=${-RADIUS} r="4" fill="var(--mg-surface)" stroke="var(--mg-text)" stroke-width="1.5" /></g>` : nothing}
    ${stops.length > MOST_FACES ? nothing : stops.map((stop, index) => face(stop, arcs[index]))} ${centre(middle)}
    <text class="below" y="17">${below}</text>
  </svg>`;
}

/** A number with a small unit, so that both fit between the times of hops; or a word. */
function centre(text: string): SVGTemplateResult {
  const [, number, unit] = /^([\d.]+) (.+)$/.exec(text) ?? [];
  if (number === undefined) return svg`<text class="word" y="-5">${text}</text>`;
  return svg`<text class="big" y="-5">${number}<tspan class="unit" dx="4">${unit}</tspan></text>`;
}

/** The colour of a device, as CSS. */
export function deviceColour(device: number): string {
  return `var(--mg-device-${device % DEVICE_COLOURS})`;
}

function part({ device, loaded }: StageStop, arc: Arc | undefined): SVGTemplateResult | typeof nothing {
  if (!arc) return nothing;
  const path = arcPath(arc.from + ROUND, Math.max(arc.from + ROUND + 0.5, arc.to - ROUND), RADIUS);
  const colour = deviceColour(device);
  const line = (className: string, opacity: string, gone: number): SVGTemplateResult =>
    svg`<path class=${className} d=${path} fill="none" stroke=${colour} stroke-width=${WIDTH} stroke-linecap="round"
      pathLength="100" stroke-dasharray=${gone > 0 ? "100 200" : "none"} stroke-dashoffset=${gone} opacity=${opacity} />`;
  if (!loaded || loaded.ready) return line("part", "1", 0);
  const share = loadedShare(loaded);
  return svg`${line("part waits", "0.28", 0)}${share > 0 ? line("part", "1", 100 * (1 - share)) : nothing}`;
}

/** How much of a part is loaded, 0 to 1. */
export function loadedShare({ ready, loadedBytes, totalBytes }: NonNullable<StageStop["loaded"]>): number {
  if (ready) return 1;
  return totalBytes > 0 ? Math.min(1, loadedBytes / totalBytes) : 0;
}

function goesElsewhere({ peer }: StageStop, next: StageStop | undefined): boolean {
  return next?.peer !== peer;
}

function hop({ hopMs }: StageStop, arc: Arc | undefined, timed: boolean): SVGTemplateResult | typeof nothing {
  if (!arc) return nothing;
  const middle = (arc.to + arc.next) / 2;
  const [x, y] = pointAt(middle, RADIUS);
  const [textX, textY] = pointAt(middle, TIMES_RADIUS);
  const dots = arc.next - arc.to > 20;
  return svg`
    ${
      dots
        ? svg`<path d=${arcPath(arc.to, arc.next, RADIUS)} fill="none" stroke="var(--mg-border-strong)" stroke-width="2"
      stroke-linecap="round" stroke-dasharray="0.1 5" />`
        : nothing
    }
    <g transform="translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${middle.toFixed(1)})">
      <circle r="8" fill="var(--mg-raised)" />
      <path d="M-2.5 -4.5 2.5 0 -2.5 4.5" fill="none" stroke="var(--mg-muted)" stroke-width="2"
        stroke-linecap="round" stroke-linejoin="round" />
    </g>
    ${hopMs === undefined || !timed ? nothing : svg`<text x=${textX} y=${textY}>${timeText(hopMs)}</text>`}`;
}

function face({ did, device, loaded }: StageStop, arc: Arc | undefined): SVGTemplateResult | typeof nothing {
  if (!arc) return nothing;
  const [x, y] = pointAt((arc.from + arc.to) / 2, RADIUS);
  const corner = FACE / 2;
  return svg`<g transform="translate(${x.toFixed(2)} ${y.toFixed(2)})">
    <circle r=${corner + 3.5} fill="var(--mg-raised)" />
    <circle r=${corner + 2} fill="none" stroke=${deviceColour(device)} stroke-width="2" opacity=${loaded && !loaded.ready ? 0.4 : 1} />
    <g transform="translate(${-corner} ${-corner})">${avatar(did, FACE)}</g>
  </g>`;
}
