/** Lists the models this device runs together with others, and the layers it holds for them. */
import { Task } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText, plain, quotedName } from "../../core";
import type { GridState, HeldStage, PipelineState } from "../../grid";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { formatBytes } from "../format";
import { setStyle } from "../set-style";
import { answeringModel, deviceCount, modelName } from "../state/models";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import { deviceColours } from "../pipelines/ring-styles";
import { deviceColour, loadedShare } from "../pipelines/ring-view";
import { type StageStop, stageStops } from "../pipelines/stage-stops";
import { devicesText, layersText } from "../pipelines/words";
import { personName } from "../people/person";
import { runningStyles } from "./running-styles";

/** `<mg-running-together .workspace>`; hidden if there is nothing to list. */
@customElement("mg-running-together")
export class RunningTogether extends WorkspaceElement {
  static override readonly styles = [sections, deviceColours, runningStyles];

  readonly #closing = new Task(this, {
    autoRun: false,
    task: async ([id]: readonly [string]) => this.workspace?.together.close(id),
  });

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const state = workspace?.grid.state;
    const holding = state?.room?.holding ?? [];
    const pipelines = state?.pipelines ?? [];
    this.hidden = holding.length + pipelines.length === 0;
    if (!workspace || !state || this.hidden) return nothing;
    return html`<section aria-labelledby="together">
      <h3 id="together">Running together</h3>
      ${repeat(
        pipelines,
        ({ id }) => id,
        (pipeline) => this.#pipeline(workspace, pipeline),
      )}
      ${taskFailure(this.#closing)}
      ${
        holding.length === 0
          ? nothing
          : html`<ul class="holding" aria-label="Layers held for others">
              ${holding.map((held) => html`<li>${heldText(state, held)}</li>`)}
            </ul>`
      }
    </section>`;
  }

  #pipeline(workspace: Workspace, pipeline: PipelineState): TemplateResult {
    const { state } = workspace.grid;
    const { id, model, layers, status } = pipeline;
    const name = nameText(pipeline.name);
    const held = stageStops(state, undefined, pipeline).filter((stop) => stop.layers);
    const inUse = answeringModel(state, workspace.wantedModel)?.model === model;
    return html`<article aria-label=${name}>
      <div class="top">
        <strong><bdi>${name}</bdi></strong>
        <span class="status ${status}" role="status">${statusText(pipeline)}</span>
      </div>
      <div class="bar" aria-hidden="true">${held.map((stop) => segment(stop, layers))}</div>
      <ul class="holders" aria-label="Who holds which layers">
        ${held.map(
          (stop) =>
            html`<li>
              <span class="dot" aria-hidden="true" ${setStyle({ background: deviceColour(stop.device) })}></span>
              <span class="name">${personName(stop.name)}</span>
              <span class="muted">${stop.layers ? layersText(stop.layers) : ""}${loadingText(stop)}</span>
            </li>`,
        )}
      </ul>
      <div class="actions">
        ${
          status === "forming" || inUse
            ? nothing
            : html`<button class="button" aria-label="Use ${name}" @click=${() => void workspace.chooseModel(model)}>
                Use
              </button>`
        }
        <button
          class="button"
          aria-label="${status === "forming" ? "Cancel starting" : "Close the pipeline of"} ${name}"
          @click=${() => void this.#closing.run([id])}
        >
          ${status === "forming" ? "Cancel" : "Close"}
        </button>
      </div>
    </article>`;
  }
}

function statusText({ status, stages }: PipelineState): string {
  switch (status) {
    case "forming":
      return "starting…";
    case "ready":
      return `on ${devicesText(deviceCount(stages))}`;
    case "repairing":
      return "repairing…";
  }
}

function segment({ layers, device, loaded }: StageStop, all: number): TemplateResult | typeof nothing {
  if (!layers) return nothing;
  const background = deviceColour(device);
  const share = loaded ? loadedShare(loaded) : 1;
  return html`<span class="segment" ${setStyle({ "flex-grow": String((layers.to - layers.from) / all) })}>
    <span class=${share < 1 ? "rest" : ""} ${setStyle({ background, width: "100%" })}></span>
    ${share < 1 ? html`<span ${setStyle({ background, width: `${100 * share}%` })}></span>` : nothing}
  </span>`;
}

function loadingText({ loaded }: StageStop): string {
  return loaded && !loaded.ready ? `, ${Math.floor(100 * loadedShare(loaded))} % loaded` : "";
}

function heldText(state: GridState, { model, name, bytes, ...range }: HeldStage): TemplateResult {
  return html`This device holds ${layersText(range).toLowerCase()} of <bdi>${plain(modelName(state, model))}</bdi> for
    ${quotedName(name)}, ${formatBytes(bytes)}`;
}
