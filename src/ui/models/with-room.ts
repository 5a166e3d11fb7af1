/** The part of a model's row that is about running it with the room. */
import { css, html, nothing, type TemplateResult } from "lit";
import { quoted } from "../../core";
import { type GridState, type ModelInfo, type PipelineState, type RoomCapacity, roomCapacity } from "../../grid";
import { icon, peopleIcon } from "../icons";
import { answeringModel, deviceCount } from "../state/models";
import type { PipelineSetup } from "../state/together";
import type { Workspace } from "../state/workspace";
import { capacityText, devicesText } from "../pipelines/words";

export const withRoomStyles = css`
  .with-room {
    display: flex;
    align-items: start;
    gap: 0.375rem;
    font-size: 0.8125rem;
    line-height: 1.5;
  }
  .with-room.can {
    color: var(--mg-accent);
  }
  .with-room svg {
    flex: none;
    margin-top: 0.1875rem;
  }
`;

/** This device's pipeline for a model, if any. */
export function pipelineOf({ pipelines }: GridState, { id }: Pick<ModelInfo, "id">): PipelineState | undefined {
  return pipelines.find(({ model }) => model === id);
}

/** True if a row shows the model's pipeline, which it does unless the whole model is loaded here or loading. */
export function isAboutPipeline(state: GridState, model: Pick<ModelInfo, "id">): boolean {
  const load = state.loads[model.id]?.kind;
  return pipelineOf(state, model) !== undefined && load !== "loading" && load !== "ready";
}

/** Why the last attempt to run a model failed; empty if it runs or nothing has failed. */
export function failureOf(state: GridState, model: Pick<ModelInfo, "id">, setup: PipelineSetup | undefined): string {
  if (pipelineOf(state, model)) return "";
  if (setup?.kind === "failed") return setup.text;
  const load = state.loads[model.id];
  return load?.kind === "failed" ? load.error.message : "";
}

/** A tag such as “Runs on 3 devices”. */
export function pipelineTag({ status, stages }: PipelineState): TemplateResult {
  const on = `on ${devicesText(deviceCount(stages))}`;
  const text = { forming: `Starting ${on}`, ready: `Runs ${on}`, repairing: `Being repaired, ${on}` }[status];
  return html`<span class="tag good">${text}</span>`;
}

/** For a model that does not fit this device: who in the room could help to run it, or how much memory is missing. */
export function capacityLine(state: GridState, model: ModelInfo): TemplateResult | typeof nothing {
  const capacity = capacityFor(state, model);
  if (!capacity || model.fit.fits || pipelineOf(state, model)) return nothing;
  const can = capacity.missingBytes === 0;
  return html`<div class="with-room ${can ? "can" : "muted"}">
    ${icon(peopleIcon, 14)}<span><bdi>${capacityText(capacity, model.memoryBytes ?? 0)}</bdi></span>
  </div>`;
}

/** Opens a plan: a full button if the model does not fit, an icon if it does. */
export function planButton(workspace: Workspace, model: ModelInfo): TemplateResult | typeof nothing {
  const { state } = workspace.grid;
  const capacity = capacityFor(state, model);
  const peers = state.room?.peers.length ?? 0;
  if (!capacity || pipelineOf(state, model)) return nothing;
  const plan = (): void => void workspace.together.plan(model.id);
  if (peers === 0) return nothing;
  // Members are asked for their memory when somebody wants it, so nobody has to offer it before.
  if (model.fit.fits) {
    return html`<button
      class="icon-button"
      aria-label="Run ${model.name} with the room"
      title="Run with the room…"
      @click=${plan}
    >
      ${icon(peopleIcon, 18)}
    </button>`;
  }
  const can = capacity.missingBytes === 0;
  return html`<button
    class="button ${can ? "soft" : ""}"
    aria-label="${can ? "Run" : "Ask the room to run"} ${model.name}${can ? " with the room" : ""}"
    @click=${plan}
  >
    ${can ? "Run with the room" : "Ask the room"}
  </button>`;
}

/** The actions for a model that runs on several devices or is starting there; `run` shows any failure. */
export function pipelineActions(
  workspace: Workspace,
  model: ModelInfo,
  { id, status }: PipelineState,
  run: (work: Promise<unknown>) => unknown,
): TemplateResult {
  const { together, grid } = workspace;
  const inUse = answeringModel(grid.state, workspace.wantedModel)?.model === model.id;
  const own = together.of(model.id)?.kind === "forming";
  const close = async (): Promise<void> => {
    await together.close(id);
    if (status !== "forming") {
      workspace.toast(`${quoted(model.name)} no longer runs on several devices`, {
        label: "Plan again",
        run: () => workspace.planTogether(() => together.plan(model.id)),
      });
    }
  };
  if (status === "forming") {
    return html`${own ? html`<button class="button soft" aria-label="Show how ${model.name} is starting" @click=${() => together.show(model.id)}>Show</button>` : nothing}
      <button class="button" aria-label="Cancel starting ${model.name}" @click=${() => run(close())}>Cancel</button>`;
  }
  return html`${
      inUse
        ? nothing
        : html`<button
            class="button primary"
            aria-label="Use ${model.name}"
            @click=${() => void workspace.chooseModel(model.id)}
          >
            Use
          </button>`
    }
    <button class="button" aria-label="Close the pipeline of ${model.name}" @click=${() => run(close())}>
      Close
    </button>`;
}

function capacityFor(state: GridState, model: ModelInfo): RoomCapacity | undefined {
  return state.room ? roomCapacity(state, model) : undefined;
}
