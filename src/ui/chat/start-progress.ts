/** Shows above the field for messages that a model loads, or why none can answer and what to do about it. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { GridState } from "../../grid";
import { MicrogridElement } from "../element";
import { GUIDE, modelName, whyNobody } from "../state/models";
import { sections } from "../styles/shared";
import "../models/load-progress";

/** `<mg-start-progress .state>`. Events: `mg-choose-model`, `mg-load-here`. */
@customElement("mg-start-progress")
export class StartProgress extends MicrogridElement {
  static override readonly styles = [
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

  @property({ attribute: false }) state: GridState | undefined;
  /** True while a model may still come without the person's help. */
  @property({ type: Boolean }) expected = false;

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this;
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
      <button class="button" @click=${() => this.#tell("mg-choose-model")}>Choose a model</button>
    </div>`;
  }

  #nobody(state: GridState): TemplateResult | typeof nothing {
    const why = whyNobody(state);
    if (why === undefined || this.expected) return nothing;
    return html`<div class="card nobody">
      <span class="grow small" role="status">${why}</span>
      <button class="button" @click=${() => this.#tell("mg-load-here")}>Load ${modelName(state, GUIDE)} here</button>
    </div>`;
  }

  #tell(type: string): void {
    this.dispatchEvent(new CustomEvent(type));
  }
}
