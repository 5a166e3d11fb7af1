/** What keeps the first answer waiting: the start, the model on its way, or what went wrong with them. */
import { html, nothing, type TemplateResult } from "lit";
import type { LoadProgress } from "../grid";
import { formatBytes, formatDuration, setStyle } from "../ui/parts";
import type { Readiness } from "./grid-controller";

export function readinessView(
  readiness: Readiness,
  model: string,
  onRetry: () => void,
): TemplateResult | typeof nothing {
  switch (readiness.kind) {
    case "ready":
      return nothing;
    case "failed":
      return html`<div class="error" part="error" role="alert">
        <span>${readiness.error.message}</span><button class="button" @click=${onRetry}>Retry</button>
      </div>`;
    case "starting":
      return bar("Starting", undefined, "Starting");
    case "loading":
      return bar(`Loading ${model}`, readiness.progress, `Loading ${model}`);
  }
}

function bar(label: string, progress: LoadProgress | undefined, text: string): TemplateResult {
  const { phase, loadedBytes = 0, totalBytes = 0, bytesPerSecond = 0, etaMs } = progress ?? {};
  // Compiling and checking come after the bytes: how far they are is not known.
  const known = totalBytes > 0 && (phase === "download" || phase === "read");
  const percent = known ? Math.min(100, (loadedBytes / totalBytes) * 100) : undefined;
  const facts = [
    known ? `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}` : "",
    bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : "",
    etaMs !== undefined && etaMs > 0 ? `${formatDuration(etaMs)} left` : "",
  ].filter(Boolean);
  return html`<div class="progress" part="progress">
    <div><span>${text}</span><span class="muted">${facts.join(" · ")}</span></div>
    <div
      class="bar ${known ? "" : "unknown"}"
      role="progressbar"
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${percent === undefined ? nothing : Math.round(percent)}
    >
      <i ${setStyle({ width: percent === undefined ? undefined : `${percent}%` })}></i>
    </div>
  </div>`;
}
