/** Running a model with the room: who is asked, the plan as a picture, forming it, and what became of it. */
import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { PipelinePlan, PipelineState } from "../../grid";
import { formatBytes, formatRate, formatTokens } from "../format";
import { icon } from "../icons";
import { plain } from "../plain";
import { avatar } from "../room/avatar";
import { personName } from "../room/person";
import { WorkspaceController } from "../state/controller";
import { deviceCount, modelName } from "../state/models";
import type { Attempt } from "../state/together";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";
import { planChoices } from "./choices";
import { planStyles } from "./plan-styles";
import { deviceColours, ringStyles } from "./ring-styles";
import { loadedShare, ringView } from "./ring-view";
import { type Stop, stopsOf } from "./stops";
import { wayList, wayStyles } from "./way-list";
import { devicesText, timeText } from "./words";

/** `<mg-plan-view .workspace>`: shows the attempt of `workspace.together`. */
@customElement("mg-plan-view")
export class PlanView extends LitElement {
  static override readonly styles = [base, buttons, sections, deviceColours, ringStyles, wayStyles, planStyles];

  @property({ attribute: false }) workspace: Workspace | undefined;
  #hadFocus = false;

  constructor() {
    super();
    new WorkspaceController(this);
  }

  // Whoever came here by keyboard goes on here, not at the top of the page.
  protected override firstUpdated(): void {
    this.#focusBack();
  }

  protected override willUpdate(): void {
    this.#hadFocus = this.shadowRoot?.activeElement != null;
  }

  // The button that was pressed may be gone with what it stood below.
  protected override updated(): void {
    if (this.#hadFocus && this.shadowRoot?.activeElement == null) this.#focusBack();
  }

  #focusBack(): void {
    this.renderRoot.querySelector<HTMLElement>(".back")?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const attempt = workspace?.together.shown;
    if (!workspace || !attempt) return nothing;
    return html`<div class="row spread head">
        <button class="link small back" @click=${() => workspace.together.hide()}>
          ${icon("left", 16)} All models
        </button>
        <bdi class="muted small">${plain(modelName(workspace.grid.state, attempt.model))}</bdi>
      </div>
      ${this.#content(workspace, attempt)}`;
  }

  #content(workspace: Workspace, attempt: Attempt): TemplateResult {
    switch (attempt.kind) {
      case "asking":
        return this.#asking(workspace);
      case "planned":
        return attempt.plan.missing ? this.#missing(workspace, attempt.plan) : this.#planned(workspace, attempt.plan);
      case "forming":
        return this.#running(workspace, attempt.plan, undefined);
      case "ready":
        return this.#running(workspace, attempt.plan, attempt.pipeline);
      case "failed":
        return this.#failed(workspace, attempt);
    }
  }

  #asking(workspace: Workspace): TemplateResult {
    const { node, room } = workspace.grid.state;
    const peers = room?.peers ?? [];
    return html`<div role="status">
        <p class="total">Asking who could hold which layers…</p>
        <p class="muted small">
          Each device measures itself and the way to the others, which takes a few seconds. It downloads only the
          model’s graph for that, a few megabytes, and none of its layers.
        </p>
      </div>
      <ul class="asked" aria-label="Who is asked">
        <li>${avatar(node.did, 32)}<span>This device</span></li>
        ${peers.map(
          ({ did, name, layersBytes }) =>
            html`<li>
              ${avatar(did, 32)}
              <span
                >${personName(name)}
                <span class="muted small"
                  >${layersBytes > 0 ? `gives up to ${formatBytes(layersBytes)}` : "gives no memory so far"}</span
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
      ${this.#picture(stopsOf(state, plan), plan.layers, {
        middle: timeText(plan.msPerToken),
        below: "for one token",
        moving: true,
      })}
      ${leftOut(plan)} ${planChoices(workspace)} ${where(plan)}
      ${
        kept
          ? html`<p class="warning" role="status">
              Your chats stay on this device, as you chose, so nothing can be run together.
              <button class="link" @click=${() => workspace.grid.setPolicy({ privacy: "room" })}>
                Let the room answer
              </button>
            </p>`
          : nothing
      }
      <div class="buttons">
        <button class="button plain" @click=${() => workspace.together.cancel()}>Cancel</button>
        <button class="button" @click=${() => workspace.together.again()}>Ask again</button>
        <button class="button primary" ?disabled=${kept} @click=${() => workspace.together.form()}>
          Form the pipeline
        </button>
      </div>`;
  }

  #missing(workspace: Workspace, plan: PipelinePlan): TemplateResult {
    return html`<p class="total">The room cannot run it yet</p>
      <div class="warning" role="status">${plan.missing?.text}</div>
      <p class="small">
        More memory helps: ask the others to switch on “Hold layers of larger models” under Sharing in the room’s panel,
        or invite somebody. Then ask again.
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
        <button class="button primary" @click=${() => workspace.together.again()}>Ask again</button>
      </div>`;
  }

  /** `pipeline`: its id once it is ready. */
  #running(workspace: Workspace, plan: PipelinePlan, pipeline: string | undefined): TemplateResult {
    const { state } = workspace.grid;
    const ready = pipeline !== undefined;
    const running = state.pipelines.find(({ id, model }) => (ready ? id === pipeline : model === plan.model));
    const stops = stopsOf(state, plan, running);
    const name = modelName(state, plan.model);
    const share = running ? shareOf(running) : 0;
    const close = (): void => {
      workspace.together.hide();
      workspace.show({ dialog: undefined });
    };
    return html`<div role="status">
        <p class="total">${ready ? `“${plain(name)}” is ready` : "Forming the pipeline…"}</p>
        <p class="muted small">
          ${
            ready
              ? "This chat goes on with it. The room sees that it runs."
              : "Each device loads its own layers only. You can close this window: it goes on, and you are told."
          }
        </p>
      </div>
      ${this.#picture(stops, plan.layers, {
        middle: ready ? timeText(plan.msPerToken) : `${Math.floor(share * 100)} %`,
        below: ready ? "for one token" : "loaded",
        moving: ready,
      })}
      <div class="buttons">
        ${
          ready
            ? html`<button class="button primary" @click=${close}>Go on chatting</button>`
            : html`<button class="button" @click=${() => workspace.together.cancel()}>Cancel</button>
                <button class="button" @click=${close}>Close this window</button>`
        }
      </div>`;
  }

  #failed(workspace: Workspace, { model, text, plan }: Extract<Attempt, { kind: "failed" }>): TemplateResult {
    const { together, grid } = workspace;
    // One model runs once: another tab may have formed it.
    const other = grid.state.pipelines.find((pipeline) => pipeline.model === model);
    return html`<p class="total">${plan ? "The pipeline was not formed" : "There is no plan"}</p>
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
    await together.close(pipeline).catch(() => undefined); // What stays is refused again, which is shown.
    await together.again();
  }

  #use(workspace: Workspace, model: string): void {
    workspace.together.hide();
    workspace.show({ dialog: undefined });
    void workspace.chooseModel(model);
  }

  #picture(
    stops: readonly Stop[],
    layers: number,
    middle: { readonly middle: string; readonly below: string; readonly moving: boolean },
  ): TemplateResult {
    const label = `A ring of ${devicesText(deviceCount(stops))}. The list says who holds which layers, and how long each hop takes.`;
    return html`<div class="picture">
      <div class="ring-column">${ringView(stops, { label, ...middle })}</div>
      ${wayList(stops, layers)}
    </div>`;
  }
}

/** What to expect: of one answer, or of several where they were asked for. */
function totalText({ msPerToken, tokensPerSecond }: PipelinePlan, answers = 1): string {
  const rate = answers > 1 ? tokensPerSecond : 1000 / msPerToken;
  const together = answers > 1 ? `, ${answers} answers together` : "";
  return `About ${formatRate(rate).replace("/s", " a second")}${together}`;
}

function planFacts({ stages, neededBytes, context, layers }: PipelinePlan): string {
  return [
    `${layers} layers over ${devicesText(deviceCount(stages))}`,
    `${formatBytes(neededBytes)} of memory in all`,
    `${formatTokens(context)} context`,
  ].join(" · ");
}

function leftOut({ leftOut: left }: PipelinePlan): TemplateResult | typeof nothing {
  if (left.length === 0) return nothing;
  return html`<div>
    <h3>Not taking part</h3>
    <ul class="left-out" aria-label="Not taking part">
      ${left.map(({ name, text }) => html`<li>${personName(name)}: <bdi class="muted">${plain(text)}</bdi></li>`)}
    </ul>
  </div>`;
}

function where({ stages }: PipelinePlan): TemplateResult {
  if (stages.every(({ peer }) => peer === "self")) {
    return html`<p class="muted small">
      It runs fastest on this device alone. To spread it all the same, choose how many devices hold layers.
    </p>`;
  }
  return html`<p class="muted small">
    Words stay on this device. The others get numbers (hidden states), from which a determined peer can work out much of
    what was written: do this with people you trust.
  </p>`;
}

/** What runs instead of the pipeline that was refused. */
function otherText({ status, stages }: PipelineState): string {
  const over = `over ${devicesText(deviceCount(stages))}`;
  return status === "forming" ? `It is being formed ${over} already.` : `It runs ${over} already, and can answer.`;
}

/** How much of all parts is there, 0 to 1. */
function shareOf({ stages }: PipelineState): number {
  const total = stages.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const there = stages.reduce((sum, stage) => sum + stage.totalBytes * loadedShare(stage), 0);
  return total === 0 ? 0 : there / total;
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-plan-view": PlanView;
  }
}
