/** How far the loading of a model is: bytes, rate, time left. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { LoadProgress } from "../../grid";
import { formatBytes, formatDuration } from "../format";
import { setStyle } from "../set-style";
import { base } from "../styles/shared";

/** `<mg-load-progress name .progress>`. Its bar has the role `progressbar`, named “Loading <name>”. */
@customElement("mg-load-progress")
export class LoadProgressView extends LitElement {
  static override readonly styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 0.375rem;
        font-size: 0.875rem;
        line-height: 1.4;
      }
      .top {
        display: flex;
        justify-content: space-between;
        gap: 0.25rem 1rem;
        flex-wrap: wrap;
        font-variant-numeric: tabular-nums;
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
  @property({ attribute: false }) progress: LoadProgress | undefined;

  protected override render(): TemplateResult | typeof nothing {
    const { progress } = this;
    if (!progress) return nothing;
    const { phase, loadedBytes, totalBytes, bytesPerSecond, etaMs } = progress;
    // Compiling and checking come after the bytes: how far they are is not known.
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
        <span>${progress.text || `Loading ${this.name}`}</span><span class="muted small">${facts.join(" · ")}</span>
      </div>
      <div
        class="bar ${known ? "" : "unknown"}"
        role="progressbar"
        aria-label="Loading ${this.name}"
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${percent === undefined ? nothing : Math.round(percent)}
      >
        <div class="fill" ${setStyle({ width: `${percent ?? 0}%` })}></div>
      </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-load-progress": LoadProgressView;
  }
}
