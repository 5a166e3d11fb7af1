/** Lists the stages of a pipeline: device, layers, memory, and the time of each stage and hop. */
import { css, html, nothing, type TemplateResult } from "lit";
import { formatBytes } from "../format";
import { icon, backIcon, downwardIcon } from "../icons";
import { avatar } from "../people/avatar";
import { personName } from "../people/person";
import { setStyle } from "../set-style";
import { deviceColour, loadedShare } from "./ring-view";
import type { StageStop } from "./stage-stops";
import { layersText, timeText } from "./words";

export const stageListStyles = css`
  .stages {
    display: grid;
    margin: 0;
    padding: 0;
    list-style: none;
    line-height: 1.45;
  }
  .stages > li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 0.75rem;
    position: relative;
  }
  .stages > li::before {
    content: "";
    position: absolute;
    inset: 2.5rem auto 0.125rem 0;
    width: 2.25rem;
    background: radial-gradient(circle, var(--mg-border-strong) 1px, transparent 1.2px) center top / 4px 6px repeat-y;
  }
  .stages > li:last-child::before {
    bottom: 0.5rem;
  }
  .stages .face {
    display: grid;
    place-items: center;
    align-self: start;
    width: 2.25rem;
    height: 2.25rem;
    border: 2px solid var(--mg-border-strong);
    border-radius: 50%;
  }
  .stages .who {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 0 0.75rem;
    min-width: 0;
  }
  .stages strong {
    min-width: 0;
    font-size: 0.9375rem;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .stages .layers {
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .stages .facts {
    color: var(--mg-muted);
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
  }
  .stages .strip {
    position: relative;
    height: 5px;
    margin-top: 0.3125rem;
    border-radius: 3px;
    background: var(--mg-border);
    overflow: hidden;
  }
  .stages .strip > span {
    position: absolute;
    inset-block: 0;
    min-width: 3px;
    border-radius: inherit;
  }
  .stages .there {
    opacity: 0.3;
  }
  .stages .hop {
    grid-column: 1 / -1;
    display: flex;
    align-items: center;
    gap: 0.75rem;
    min-height: 1.625rem;
    color: var(--mg-muted);
    font-size: 0.75rem;
    font-variant-numeric: tabular-nums;
  }
  .stages .hop .line {
    position: relative;
    display: grid;
    place-items: center;
    width: 2.25rem;
  }
  .stages .hop svg {
    padding-block: 1px;
    background: var(--mg-raised);
  }
`;

/** One item per stage; `layers` is the model's number of layers. Needs `deviceColours` and `stageListStyles`. */
export function stageList(stops: readonly StageStop[], layers: number): TemplateResult {
  return html`<ol class="stages" aria-label="Path of one token">
    ${stops.map((stop, index) => item(stop, layers, stops[index + 1]))}
  </ol>`;
}

function item(stop: StageStop, layers: number, next: StageStop | undefined): TemplateResult {
  const colour = deviceColour(stop.device);
  return html`<li>
    <span class="face" ${setStyle({ "border-color": colour })}>${avatar(stop.did, 28)}</span>
    <div>
      <div class="who">
        <strong>${personName(stop.name)}</strong>
        <span class="layers">${holds(stop)}</span>
      </div>
      <div class="facts">${facts(stop).join(" · ")}</div>
      ${stop.layers ? strip(stop, stop.layers, layers, colour) : nothing}
    </div>
    <div class="hop">
      <span class="line">${icon(next ? downwardIcon : backIcon, 14)}</span>
      <span>${hopText(stop, next)}</span>
    </div>
  </li>`;
}

function holds({ ends, layers }: StageStop): string {
  const range = layers ? layersText(layers) : "";
  if (!ends) return range;
  return range === "" ? "Embedding and head" : `Embedding, head, ${range.toLowerCase()}`;
}

function facts({ bytes, ms, loaded }: StageStop): string[] {
  const loading = loaded !== undefined && !loaded.ready;
  return [
    loading ? `${formatBytes(loaded.loadedBytes)} of ${formatBytes(loaded.totalBytes)} loaded` : "",
    !loading && bytes > 0 ? formatBytes(bytes) : "",
    loaded?.ready ? "ready" : "",
    !loading && ms !== undefined ? `${timeText(ms)} per token` : "",
  ].filter(Boolean);
}

function hopText({ hopMs, peer }: StageStop, next: StageStop | undefined): string {
  if (peer === (next?.peer ?? "self")) return next ? "stays here" : "and starts over";
  const time = hopMs === undefined ? "" : `${timeText(hopMs)} `;
  return `${time}${next ? "to the next" : "back to you"}`;
}

/** Shows where in the model the layers are and, while they load, how much is loaded. */
function strip(
  { loaded }: StageStop,
  { from, to }: NonNullable<StageStop["layers"]>,
  layers: number,
  background: string,
): TemplateResult {
  const left = `${(100 * from) / layers}%`;
  const width = (100 * (to - from)) / layers;
  const share = loaded ? loadedShare(loaded) : 1;
  return html`<div class="strip" aria-hidden="true">
    ${share < 1 ? html`<span class="there" ${setStyle({ left, width: `${width}%`, background })}></span>` : nothing}
    <span ${setStyle({ left, width: `${width * share}%`, background })}></span>
  </div>`;
}
