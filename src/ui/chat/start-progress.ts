/** The model on its way into memory, above the field for messages. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { GridState } from "../../grid";
import { WorkspaceController } from "../state/controller";
import { GUIDE, modelName, whyNobody } from "../state/models";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";
import "../models/load-progress";

/** `<mg-start-progress .workspace>`: shown while a model loads, and where none is ready: why, and what to do. */
@customElement("mg-start-progress")
export class StartProgress extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    sections,
    css`
      :host {
        display: block;
      }
      .card {
        margin-bottom: 0.625rem;
        padding: 0.75rem 1rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
        background: var(--mg-surface);
      }
      .error,
      .nobody {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        margin-bottom: 0.625rem;
      }
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;

  constructor() {
    super();
    new WorkspaceController(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const state = this.workspace?.grid.state;
    if (!state) return nothing;
    const loads = Object.entries(state.loads);
    const loading = loads.filter(([, load]) => load.kind === "loading");
    if (loading.length > 0) {
      return html`${loading.map(
        ([id, load]) =>
          html`<div class="card">
            <mg-load-progress
              .name=${modelName(state, id)}
              .progress=${load.kind === "loading" ? load.progress : undefined}
            ></mg-load-progress>
          </div>`,
      )}`;
    }
    const failed = loads.find(([, load]) => load.kind === "failed")?.[1];
    if (failed?.kind !== "failed" || loads.some(([, load]) => load.kind === "ready")) return this.#nobody(state);
    return html`<div class="error" role="alert">
      <span class="grow">${failed.error.message}</span>
      <button class="button" @click=${() => this.workspace?.show({ dialog: "models" })}>Choose a model</button>
    </div>`;
  }

  // A room is given a moment to make its offers, unless somebody already waits for an answer.
  #nobody(state: GridState): TemplateResult | typeof nothing {
    const { workspace } = this;
    const why = whyNobody(state);
    if (!workspace || why === undefined || (workspace.start.pending && !workspace.answers.waiting)) return nothing;
    return html`<div class="card nobody">
      <span class="grow small" role="status">${why}</span>
      <button class="button" @click=${() => workspace.loadHere()}>Load ${modelName(state, GUIDE)} here</button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-start-progress": StartProgress;
  }
}
