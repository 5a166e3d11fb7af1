/** Runs a model with the room: shows who is asked, the plan, its start and its result. */
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { plain, quoted } from "../../core";
import type { PipelinePlan } from "../../grid";
import { WorkspaceElement } from "../element";
import { formatBytes, percentOf } from "../format";
import { icon, leftIcon } from "../icons";
import { avatar } from "../people/avatar";
import { personName } from "../people/person";
import { deviceCount, modelName } from "../state/models";
import type { PipelineSetup } from "../state/together";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import { planChoices } from "./choices";
import { leftOut, otherText, planFacts, shareOf, totalText, usesText, where } from "./plan-facts";
import { planStyles } from "./plan-styles";
import { deviceColours, ringStyles } from "./ring-styles";
import { ringView } from "./ring-view";
import { type StageStop, stageStops } from "./stage-stops";
import { stageList, stageListStyles } from "./stage-list";
import { devicesText, timeText } from "./words";

/** `<mg-plan-view .workspace>`: shows the setup in `workspace.together`. */
@customElement("mg-plan-view")
export class PlanView extends WorkspaceElement {
  static override readonly styles = [sections, deviceColours, ringStyles, stageListStyles, planStyles];

  #hadFocus = false;

  // Keeps keyboard users in this view instead of at the top of the page.
  protected override firstUpdated(): void {
    this.#focusBack();
  }

  protected override willUpdate(): void {
    this.#hadFocus = this.shadowRoot?.activeElement != null;
  }

  // The pressed button may have disappeared with the content it belonged to.
  protected override updated(): void {
    if (this.#hadFocus && this.shadowRoot?.activeElement == null) this.#focusBack();
  }

  #focusBack(): void {
    this.renderRoot.querySelector<HTMLElement>(".back")?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const setup = workspace?.together.shown;
    if (!workspace || !setup) return nothing;
    return html`<div class="row spread head">
        <button class="link small back" @click=${() => workspace.together.hide()}>
          ${icon(leftIcon, 16)} All models
        </button>
        <bdi class="muted small">${plain(modelName(workspace.grid.state, setup.model))}</bdi>
      </div>
      ${this.#content(workspace, setup)}`;
  }

  #content(workspace: Workspace, setup: PipelineSetup): TemplateResult {
    switch (setup.kind) {
      case "asking":
        return this.#asking(workspace, setup.model);
      case "planned":
        return setup.plan.missing ? this.#missing(workspace, setup.plan) : this.#planned(workspace, setup.plan);
      case "forming":
        return this.#running(workspace, setup.plan, undefined);
      case "ready":
        return this.#running(workspace, setup.plan, setup.pipeline);
      case "failed":
        return this.#failed(workspace, setup);
    }
  }

  #asking(workspace: Workspace, model: string): TemplateResult {
    const { node, room, graphs } = workspace.grid.state;
    const read = graphs[model] && percentOf(graphs[model]);
    const peers = room?.peers ?? [];
    return html`<div role="status">
        <p class="total">Asking which layers each device could hold…</p>
        <p class="muted small">
          Each device measures its own speed and its links to the others, which takes a few seconds. For this it
          downloads only the model’s graph, a few megabytes, and none of the layers.
        </p>
      </div>
      <ul class="asked" aria-label="Devices asked">
        <li>
          ${avatar(node.did, 32)}
          <span>
            This device
            ${read === undefined ? nothing : html`<span class="muted small">reads the model’s graph: ${read} %</span>`}
          </span>
        </li>
        ${peers.map(
          ({ did, name, layersBytes }) =>
            html`<li>
              ${avatar(did, 32)}
              <span
                >${personName(name)}
                <span class="muted small"
                  >${layersBytes > 0 ? `offers up to ${formatBytes(layersBytes)}` : "offers no memory yet"}</span
                ></span
              >
            </li>`,
        )}
      </ul>
      <div class="buttons">
        <button class="button" @click=${() => workspace.together.cancel()}>Cancel</button>
      </div>`;
  }

  #planned(workspace: Workspace, plan: PipelinePlan): TemplateResult {
    const { state } = workspace.grid;
    const kept = state.policy.privacy === "device";
    return html`<div role="status">
        <p class="total">${totalText(plan, workspace.together.shown?.options.answers)}</p>
        <p class="muted small">${planFacts(plan)}</p>
      </div>
      ${this.#picture(stageStops(state, plan), plan.layers, {
        middle: timeText(plan.msPerToken),
        below: "per token",
        moving: true,
      })}
      ${leftOut(plan)} ${planChoices(workspace)} ${where(plan)}
      ${
        kept
          ? html`<p class="warning" role="status">
              You chose to keep your chats on this device, so no model can run together with others.
              <button class="link" @click=${() => workspace.grid.setPolicy({ privacy: "room" })}>
                Let the room answer
              </button>
            </p>`
          : nothing
      }
      <div class="buttons">
        <button class="button plain" @click=${() => workspace.together.cancel()}>Cancel</button>
        <button class="button" @click=${() => workspace.together.again()}>Recalculate</button>
        <button class="button primary" ?disabled=${kept} @click=${() => workspace.together.form()}>Start</button>
      </div>`;
  }

  #missing(workspace: Workspace, plan: PipelinePlan): TemplateResult {
    return html`<p class="total">The room cannot run it yet</p>
      <div class="warning" role="status">${plan.missing?.text}</div>
      <p class="small">
        More memory would help: ask the others to turn on “Hold layers of larger models” under “Sharing” in the room’s
        panel, or invite someone. Then recalculate.
      </p>
      ${leftOut(plan)} ${planChoices(workspace)}
      <div class="buttons">
        <button class="button plain" @click=${() => workspace.together.cancel()}>Cancel</button>
        <button
          class="button"
          @click=${() => {
            workspace.together.cancel();
            workspace.show({ dialog: undefined, panel: "room" });
          }}
        >
          Show the room
        </button>
        <button class="button primary" @click=${() => workspace.together.again()}>Recalculate</button>
      </div>`;
  }

  /** `pipeline` is the pipeline's id once it is ready. */
  #running(workspace: Workspace, plan: PipelinePlan, pipeline: string | undefined): TemplateResult {
    const { state } = workspace.grid;
    const ready = pipeline !== undefined;
    const running = state.pipelines.find(({ id, model }) => (ready ? id === pipeline : model === plan.model));
    const stops = stageStops(state, plan, running);
    const name = modelName(state, plan.model);
    const share = running ? shareOf(running) : 0;
    const close = (): void => {
      workspace.together.hide();
      workspace.show({ dialog: undefined });
    };
    return html`<div role="status">
        <p class="total">${ready ? `${quoted(name)} is ready` : "Starting the pipeline…"}</p>
        <p class="muted small">
          ${
            ready
              ? `${usesText(state, plan.model)} People in the room can see that it runs.`
              : "Each device loads only its own layers. You can close this window; loading continues and you will be told when it is ready."
          }
        </p>
      </div>
      ${this.#picture(stops, plan.layers, {
        middle: ready ? timeText(plan.msPerToken) : `${Math.floor(share * 100)} %`,
        below: ready ? "per token" : "loaded",
        moving: ready,
      })}
      <div class="buttons">
        ${
          ready
            ? html`<button class="button primary" @click=${close}>Back to chat</button>`
            : html`<button class="button" @click=${() => workspace.together.cancel()}>Cancel</button>
                <button class="button" @click=${close}>Close this window</button>`
        }
      </div>`;
  }

  #failed(workspace: Workspace, { model, text, plan }: Extract<PipelineSetup, { kind: "failed" }>): TemplateResult {
    const { together, grid } = workspace;
    // A model runs in one pipeline at most, and another tab may have started it.
    const other = grid.state.pipelines.find((pipeline) => pipeline.model === model);
    return html`<p class="total">${plan ? "The pipeline could not start" : "No plan could be made"}</p>
      <p class="error" role="alert">${text}</p>
      ${other ? html`<p class="small">${otherText(other)}</p>` : nothing}
      <div class="buttons">
        <button class="button plain" @click=${() => together.cancel()}>Cancel</button>
        ${
          other
            ? html`<button class="button" @click=${() => this.#closeAndPlan(workspace, other.id)}>
                  ${other.status === "forming" ? "Cancel it and plan again" : "Close it and plan again"}
                </button>
                ${other.offer ? html`<button class="button primary" @click=${() => this.#use(workspace, model)}>Use it</button>` : nothing}`
            : html`<button class="button primary" @click=${() => together.again()}>Plan again</button>`
        }
      </div>`;
  }

  async #closeAndPlan({ together }: Workspace, pipeline: string): Promise<void> {
    await together.close(pipeline).catch(() => undefined); // If it stays open, planning is refused again and shows why.
    await together.again();
  }

  #use(workspace: Workspace, model: string): void {
    workspace.together.hide();
    workspace.show({ dialog: undefined });
    void workspace.chooseModel(model);
  }

  #picture(
    stops: readonly StageStop[],
    layers: number,
    middle: { readonly middle: string; readonly below: string; readonly moving: boolean },
  ): TemplateResult {
    const label = `A ring of ${devicesText(deviceCount(stops))}. The list shows which device holds which layers and how long each hop takes.`;
    return html`<div class="picture">
      <div class="ring-column">${ringView(stops, { label, ...middle })}</div>
      ${stageList(stops, layers)}
    </div>`;
  }
}
