/** Sentences and numbers about a plan, and about the pipeline that was made of it. */
import { html, nothing, type TemplateResult } from "lit";
import { plain, quotedName } from "../../core";
import type { GridState, PipelinePlan, PipelineState } from "../../grid";
import { formatBytes, formatRate, formatTokens } from "../format";
import { deviceCount, localOffers } from "../state/models";
import { loadedShare } from "./ring-view";
import { devicesText } from "./words";

/** A model that is also loaded here answers wherever it is faster, so this says no more than that. */
export function usesText(state: GridState, model: string): string {
  return localOffers(state).some((offer) => offer.model === model)
    ? "It is also loaded on this device, so each answer comes from whichever is faster."
    : "This chat now uses it.";
}

/** The expected speed of one answer, or of several parallel ones. */
export function totalText({ msPerToken, tokensPerSecond }: PipelinePlan, answers = 1): string {
  const rate = answers > 1 ? tokensPerSecond : 1000 / msPerToken;
  const together = answers > 1 ? `, for ${answers} answers together` : "";
  return `About ${formatRate(rate).replace("/s", " a second")}${together}`;
}

/** The layers, the memory and the context of a plan. */
export function planFacts({ stages, neededBytes, context, layers }: PipelinePlan): string {
  return [
    `${layers} layers on ${devicesText(deviceCount(stages))}`,
    `${formatBytes(neededBytes)} of memory in total`,
    `${formatTokens(context)} context`,
  ].join(" · ");
}

/** The devices that a plan leaves out, and why. */
export function leftOut({ leftOut: left }: PipelinePlan): TemplateResult | typeof nothing {
  if (left.length === 0) return nothing;
  return html`<div>
    <h3>Not taking part</h3>
    <ul class="left-out" aria-label="Not taking part">
      ${left.map(({ name, text }) => html`<li>${quotedName(name)}: <bdi class="muted">${plain(text)}</bdi></li>`)}
    </ul>
  </div>`;
}

/** Says where the text of the person goes. */
export function where({ stages }: PipelinePlan): TemplateResult {
  if (stages.every(({ peer }) => peer === "self")) {
    return html`<p class="muted small">
      It runs fastest on this device alone. To distribute it anyway, choose how many devices hold layers.
    </p>`;
  }
  return html`<p class="muted small">
    Your text stays on this device. The others receive numbers (hidden states), from which an expert could recover much
    of the text, so do this only with people you trust.
  </p>`;
}

/** Describes the pipeline that already exists for this model. */
export function otherText({ status, stages }: PipelineState): string {
  const on = `on ${devicesText(deviceCount(stages))}`;
  return status === "forming" ? `It is already starting ${on}.` : `It already runs ${on} and can answer.`;
}

/** How much of all parts is loaded, 0 to 1. */
export function shareOf({ stages }: PipelineState): number {
  const total = stages.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const there = stages.reduce((sum, stage) => sum + stage.totalBytes * loadedShare(stage), 0);
  return total === 0 ? 0 : there / total;
}
