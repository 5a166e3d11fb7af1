/** The model on its way into memory, above the field for messages. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { WorkspaceController } from "../state/controller";
import { modelName } from "../state/models";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";
import "../models/load-progress";

/** `<mg-start-progress .workspace>`: shown while a model loads, or when the last load failed and none is ready. */
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
      .error {
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
    if (failed?.kind !== "failed" || loads.some(([, load]) => load.kind === "ready")) return nothing;
    return html`<div class="error" role="alert">
      <span class="grow">${failed.error.message}</span>
      <button class="button" @click=${() => this.workspace?.show({ dialog: "models" })}>Choose a model</button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-start-progress": StartProgress;
  }
}
