/** Shows how far the loading of a model is: bytes, rate, time left. */
import { css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import type { LoadProgress } from "../../grid";
import { MicrogridElement } from "../element";
import { formatBytes, formatDuration } from "../format";
import { setStyle } from "../set-style";

/** `<mg-load-progress name .progress>`. Its bar has the role `progressbar`, named “Loading <name>”, or “Starting” without a name. */
export class LoadProgressView extends MicrogridElement {
  static override readonly styles = [
    css`
      :host {
        display: grid;
        gap: 0.375rem;
        font-size: 0.875rem;
        line-height: 1.4;
      }
      /* The numbers have a line of their own, which stays: the height must not change with them. */
      .top {
        display: grid;
        gap: 0.25rem;
        font-variant-numeric: tabular-nums;
      }
      .top .small {
        min-height: 1.5em;
      }
      .bar {
        height: 6px;
        border-radius: 3px;
        background: var(--mg-hover);
        overflow: hidden;
      }
      .fill {
        height: 100%;
        border-radius: inherit;
        background: linear-gradient(90deg, var(--mg-accent), color-mix(in srgb, var(--mg-accent), var(--mg-spark) 55%));
        transition: width 200ms linear;
      }
      .unknown .fill {
        width: 35% !important;
        animation: slide 1.3s ease-in-out infinite alternate;
      }
      @keyframes slide {
        to {
          transform: translateX(186%);
        }
      }
    `,
  ];

  @property() name = "";
  /** Undefined before the first step is reported. */
  @property({ attribute: false }) progress: LoadProgress | undefined;

  protected override render(): TemplateResult {
    const { phase, loadedBytes = 0, totalBytes = 0, bytesPerSecond = 0, etaMs, text = "" } = this.progress ?? {};
    const label = this.name === "" ? "Starting" : `Loading ${this.name}`;
    // Compiling and checking follow the download; their progress is unknown.
    const known = totalBytes > 0 && (phase === "download" || phase === "read");
    const percent = known ? Math.min(100, (loadedBytes / totalBytes) * 100) : undefined;
    const facts = [
      known
        ? `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`
        : loadedBytes > 0
          ? formatBytes(loadedBytes)
          : "",
      bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : "",
      etaMs !== undefined && etaMs > 0 ? `${formatDuration(etaMs)} left` : "",
    ].filter(Boolean);
    return html`<div class="top">
        <span>${text === "" ? label : text}</span><span class="muted small">${facts.join(" · ")}</span>
      </div>
      <div
        class="bar ${known ? "" : "unknown"}"
        role="progressbar"
        aria-label=${label}
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${percent === undefined ? nothing : Math.round(percent)}
      >
        <div class="fill" ${setStyle({ width: `${percent ?? 0}%` })}></div>
      </div>`;
  }
}
