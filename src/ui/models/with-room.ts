/** What the row of a model says of running it with the room, and what can be done about that. */
import { css, html, nothing, type TemplateResult } from "lit";
import { type GridState, type ModelInfo, type PipelineState, type RoomCapacity, roomCapacity } from "../../grid";
import { icon } from "../icons";
import { plain } from "../plain";
import { answeringModel, deviceCount } from "../state/models";
import type { Attempt } from "../state/together";
import type { Workspace } from "../state/workspace";
import { capacityText, devicesText } from "../together/words";

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

/** The pipeline that runs a model here, if any. */
export function pipelineOf({ pipelines }: GridState, { id }: Pick<ModelInfo, "id">): PipelineState | undefined {
  return pipelines.find(({ model }) => model === id);
}

/** Whether a row is about the model's pipeline: it is, unless the whole model is here, or on its way. */
export function isAboutPipeline(state: GridState, model: Pick<ModelInfo, "id">): boolean {
  const load = state.loads[model.id]?.kind;
  return pipelineOf(state, model) !== undefined && load !== "loading" && load !== "ready";
}

/** Why a model is not ready, of what was tried last; empty where it runs, or nothing has failed. */
export function failureOf(state: GridState, model: Pick<ModelInfo, "id">, attempt: Attempt | undefined): string {
  if (pipelineOf(state, model)) return "";
  if (attempt?.kind === "failed") return attempt.text;
  const load = state.loads[model.id];
  return load?.kind === "failed" ? load.error.message : "";
}

/** “Runs over 3 devices”, as a tag. */
export function pipelineTag({ status, stages }: PipelineState): TemplateResult {
  const over = `over ${devicesText(deviceCount(stages))}`;
  const text = { forming: `Being formed ${over}`, ready: `Runs ${over}`, repairing: `Repairing, ${over}` }[status];
  return html`<span class="tag good">${text}</span>`;
}

/** For a model that does not fit: whether the room could run it and with whom, or what is missing. */
export function capacityLine(state: GridState, model: ModelInfo): TemplateResult | typeof nothing {
  const capacity = capacityFor(state, model);
  if (!capacity || model.fit.fits || pipelineOf(state, model)) return nothing;
  const can = capacity.missingBytes === 0;
  return html`<div class="with-room ${can ? "can" : "muted"}">
    ${icon("people", 14)}<span><bdi>${capacityText(capacity, model.memoryBytes ?? 0)}</bdi></span>
  </div>`;
}

/** The way to a plan: a button where the model does not fit, a quiet one where it does and somebody gives memory. */
export function planButton(workspace: Workspace, model: ModelInfo): TemplateResult | typeof nothing {
  const { state } = workspace.grid;
  const capacity = capacityFor(state, model);
  const peers = state.room?.peers.length ?? 0;
  if (!capacity || pipelineOf(state, model)) return nothing;
  const plan = (): void => void workspace.together.plan(model.id);
  if (model.fit.fits) {
    return capacity.helpers.length === 0
      ? nothing
      : html`<button
          class="icon-button"
          aria-label="Run ${model.name} with the room"
          title="Run with the room…"
          @click=${plan}
        >
          ${icon("people", 18)}
        </button>`;
  }
  if (peers === 0) return nothing;
  const can = capacity.missingBytes === 0;
  return html`<button
    class="button ${can ? "soft" : ""}"
    aria-label="${can ? "Run" : "Ask the room to run"} ${model.name}${can ? " with the room" : ""}"
    @click=${plan}
  >
    ${can ? "Run with the room" : "Ask the room"}
  </button>`;
}

/** What can be done with a model that runs over several devices, or is about to; `run` shows what fails. */
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
      workspace.toast(`“${plain(model.name)}” runs on several devices no more`, {
        label: "Plan again",
        run: () => workspace.planTogether(() => together.plan(model.id)),
      });
    }
  };
  if (status === "forming") {
    return html`${own ? html`<button class="button soft" aria-label="Show ${model.name} being formed" @click=${() => together.show(model.id)}>Show</button>` : nothing}
      <button class="button" aria-label="Cancel forming ${model.name}" @click=${() => run(close())}>Cancel</button>`;
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
