/** One model in the list: its facts, whether it fits, and its actions. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { GridState, LoadState, ModelInfo } from "../../grid";
import { WorkspaceElement } from "../element";
import { errorText } from "../failure";
import { formatBytes, formatRate, formatSize, formatTokens } from "../format";
import { icon, trashIcon } from "../icons";
import { answeringModel, backendName } from "../state/models";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import { adaptedText, toolsText } from "./chat-abilities";
import "./load-progress";
import { rateText, samplesOf, usefulness } from "./useful";
import {
  capacityLine,
  failureOf,
  isAboutPipeline,
  pipelineActions,
  pipelineOf,
  pipelineTag,
  planButton,
  withRoomStyles,
} from "./with-room";

/** `<mg-model-row .workspace .model>`. */
@customElement("mg-model-row")
export class ModelRow extends WorkspaceElement {
  static override readonly styles = [
    sections,
    withRoomStyles,
    css`
      :host {
        display: block;
        padding: 0.875rem 0;
      }
      .top {
        display: flex;
        align-items: center;
        gap: 0.75rem;
      }
      .name {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: 0.125rem 0.5rem;
        font-size: 0.9375rem;
        font-weight: 550;
        line-height: 1.4;
        overflow-wrap: anywhere;
      }
      .facts {
        color: var(--mg-muted);
        font-size: 0.8125rem;
        line-height: 1.5;
        font-variant-numeric: tabular-nums;
        overflow-wrap: anywhere;
      }
      .tag {
        padding: 0 0.5rem;
        border-radius: 99px;
        background: var(--mg-hover);
        color: var(--mg-muted);
        font-size: 0.75rem;
        font-weight: 500;
      }
      .tag.good {
        background: var(--mg-accent-soft);
        color: var(--mg-accent);
      }
      .reason {
        color: var(--mg-warning);
      }
      .reason,
      .adapted {
        font-size: 0.8125rem;
      }
      .adapted {
        color: var(--mg-muted);
      }
      @media (max-width: 560px) {
        .top {
          flex-direction: column;
          align-items: stretch;
        }
        .actions .button {
          flex: 1;
        }
      }
      .actions {
        display: flex;
        flex: none;
        gap: 0.25rem;
      }
      mg-load-progress,
      .error {
        margin-top: 0.625rem;
      }
    `,
  ];

  @property({ attribute: false }) model: ModelInfo | undefined;
  /** The name to show, if it is not the model's full one. */
  @property() label = "";
  /** True if a peer in the room offers it. */
  @property({ type: Boolean }) offered = false;
  readonly #acting = new Task(this, { autoRun: false, task: ([work]: readonly [Promise<unknown>]) => work });

  protected override render(): TemplateResult | typeof nothing {
    const { model, workspace } = this;
    if (!model || !workspace) return nothing;
    const load = workspace.grid.state.loads[model.id];
    const failure =
      this.#acting.status === TaskStatus.ERROR
        ? errorText(this.#acting.error)
        : failureOf(workspace.grid.state, model, workspace.together.of(model.id));
    const { state } = workspace.grid;
    const useful = usefulness(model, state, samplesOf(state));
    const { slow, thinks, speed } = useful;
    const about = model.purpose === "embedding" ? "" : rateText(useful);
    const last = speed && `last answer ${formatRate(speed.last)}`;
    const offer = load?.kind === "ready" ? load.offer : undefined;
    const adapted = adaptedText(offer);
    return html`<div class="top" role="group" aria-label=${model.name}>
        <div class="grow">
          <div class="name">${this.label || model.name} ${this.#tags(workspace, model, load)}</div>
          <div class="facts" title="${model.name}, ${model.origin}">
            ${facts(model, [slow || !model.fit.fits ? "" : about, last ?? "", toolsText(offer)])}
          </div>
          ${slow && model.fit.fits && about !== "" ? html`<div class="reason">${slowText(about, thinks)}</div>` : nothing}
          ${adapted === "" ? nothing : html`<div class="adapted">${adapted}</div>`} ${this.#reason(state, model)}
          ${capacityLine(workspace.grid.state, model)}
        </div>
        <div class="actions">${this.#actions(workspace, model, load, slow)}</div>
      </div>
      ${load?.kind === "loading" ? html`<mg-load-progress .name=${model.name} .progress=${load.progress}></mg-load-progress>` : nothing}
      ${failure === "" ? nothing : html`<p class="error" role="alert">${failure}</p>`}`;
  }

  /** Why it cannot run here. The list itself says that there is no graphics card. */
  #reason(state: GridState, model: ModelInfo): TemplateResult | typeof nothing {
    if (model.fit.fits || model.fit.obstacle === "no-gpu" || pipelineOf(state, model)) return nothing;
    return html`<div class="reason">${model.fit.reason}</div>`;
  }

  #tags(workspace: Workspace, model: ModelInfo, load: LoadState | undefined): TemplateResult {
    const pipeline = pipelineOf(workspace.grid.state, model);
    return html`
      ${
        load?.kind === "ready"
          ? html`<span class="tag good" title=${checkText(load)}>Ready · ${backendName(load.offer.backend)}</span>`
          : nothing
      }
      ${pipeline ? pipelineTag(pipeline) : nothing}
      ${(load?.kind === "ready" || pipeline?.status === "ready") && this.#inUse(model) ? html`<span class="tag good">In use</span>` : nothing}
      ${model.purpose === "embedding" ? html`<span class="tag">Embeddings</span>` : nothing}
      ${this.offered ? html`<span class="tag good">In the room</span>` : nothing}
      ${model.source === "embedded" ? html`<span class="tag">Built in</span>` : nothing}
      ${model.stored === "yes" && model.source !== "embedded" ? html`<span class="tag">Stored</span>` : nothing}
      ${model.stored === "partial" ? html`<span class="tag">Partly stored</span>` : nothing}
      ${model.source === "added" ? html`<span class="tag">Added by you</span>` : nothing}
    `;
  }

  #actions(workspace: Workspace, model: ModelInfo, load: LoadState | undefined, slow: boolean): TemplateResult {
    const pipeline = pipelineOf(workspace.grid.state, model);
    if (pipeline && isAboutPipeline(workspace.grid.state, model))
      return pipelineActions(workspace, model, pipeline, (work) => this.#acting.run([work]));
    if (load?.kind === "loading") {
      return html`<button
        class="button"
        aria-label="Cancel loading ${model.name}"
        @click=${() => workspace.loads.cancel(model.id)}
      >
        Cancel
      </button>`;
    }
    const removable = model.stored !== "no" && model.source !== "embedded";
    const copyDeleted = load?.kind === "failed" && load.copyDeleted === true;
    return html`
      ${planButton(workspace, model)}
      ${
        load?.kind === "ready"
          ? html`${this.#inUse(model) || model.purpose === "embedding" ? nothing : html`<button class="button primary" aria-label="Use ${model.name}" @click=${this.#use}>Use</button>`}
              <button
                class="button"
                aria-label="Unload ${model.name}"
                @click=${() => this.#acting.run([workspace.grid.models.unload(model.id)])}
              >
                Unload
              </button>`
          : model.fit.fits
            ? html`<button
                class="button ${slow ? "" : "soft"}"
                aria-label=${copyDeleted ? `Download it again: ${model.name}` : `Load ${model.name}`}
                @click=${this.#load}
              >
                ${copyDeleted ? "Download it again" : model.stored === "partial" ? "Continue" : "Load"}
              </button>`
            : nothing
      }
      ${
        removable
          ? html`<button
              class="icon-button"
              aria-label="Remove ${model.name} from this device"
              title="Remove from this device"
              @click=${() => this.#acting.run([workspace.grid.models.remove(model.id)])}
            >
              ${icon(trashIcon, 18)}
            </button>`
          : nothing
      }
    `;
  }

  #inUse(model: ModelInfo): boolean {
    const { workspace } = this;
    return workspace !== undefined && answeringModel(workspace.grid.state, workspace.wantedModel)?.model === model.id;
  }

  readonly #use = (): void => {
    if (this.model) void this.workspace?.chooseModel(this.model.id);
  };

  readonly #load = (): void => {
    const { workspace, model } = this;
    if (!workspace || !model) return;
    // One that makes embeddings answers no chat, so no chat moves to it.
    const work = model.purpose === "embedding" ? workspace.loads.load(model.id) : workspace.bring(model.id);
    void this.#acting.run([work]);
  };
}

/** The layers that the load has compared with the CPU, and those that it could not compare. */
function checkText({ checked }: Extract<LoadState, { kind: "ready" }>): string {
  if (!checked) return "";
  const { layers, leftOut } = checked;
  const compared = layers === 0 ? "" : `Checked: ${layers} of its layers gave the CPU’s results.`;
  return [compared, leftOut.length > 0 ? `Not compared with the CPU: ${leftOut.join("; ")}` : ""]
    .filter(Boolean)
    .join(" ");
}

/** The format of a model's files, by the engine that runs them. */
const FORMATS: Readonly<Record<ModelInfo["engine"], string>> = { onnx: "ONNX", wllama: "GGUF", webllm: "WebLLM" };

function slowText(rate: string, thinks: boolean): string {
  return `Slow here: ${rate}${thinks ? ", and it thinks before it answers" : ""}`;
}

function facts(model: ModelInfo, measured: readonly string[]): string {
  return [
    `${model.sizeIsEstimate ? "about " : ""}${formatSize(model.downloadBytes)}${model.downloadBytes === undefined || model.stored === "yes" ? "" : " to download"}`,
    ...measured,
    model.memoryBytes === undefined ? "" : `${formatBytes(model.memoryBytes)} of memory`,
    model.contextLength === undefined ? "" : `${formatTokens(model.contextLength)} context`,
    FORMATS[model.engine],
    // The list names the licences of the families that it knows.
    model.source === "added" && model.licence !== undefined ? `licence: ${model.licence}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
