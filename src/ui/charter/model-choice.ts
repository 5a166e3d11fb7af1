/** Chooses the models that a room allows: any, or some of those this device knows. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { plain } from "../../core";
import type { ModelInfo } from "../../grid";
import { MicrogridElement } from "../element";
import { icon, searchIcon } from "../icons";
import { fields } from "../styles/shared";

/** `<mg-model-choice .models .chosen>`. Event: `mg-chosen` (detail: `"any"` or ids). */
@customElement("mg-model-choice")
export class ModelChoice extends MicrogridElement {
  static override readonly styles = [
    fields,
    css`
      :host {
        display: block;
      }
      fieldset {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.375rem;
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 0.375rem;
        font-size: 0.9375rem;
        font-weight: 550;
      }
      label {
        display: flex;
        align-items: baseline;
        gap: 0.5rem;
        padding: 0.25rem 0;
        font-size: 0.9375rem;
        line-height: 1.4;
        cursor: pointer;
      }
      input:not([type="search"]) {
        flex: none;
        margin: 0;
        accent-color: var(--mg-accent);
      }
      .search svg {
        left: 0.625rem;
      }
      .search input {
        padding-inline-start: 2.125rem;
      }
      .list {
        max-height: 12rem;
        padding: 0.25rem 0.75rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius-s);
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
      }
      span {
        min-width: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) models: readonly ModelInfo[] = [];
  @property({ attribute: false }) chosen: "any" | readonly string[] = "any";
  @state() private search = "";

  protected override render(): TemplateResult {
    const some = this.chosen !== "any";
    return html`<fieldset>
      <legend>Models that may answer</legend>
      <label><input type="radio" name="any" .checked=${!some} @change=${() => this.#choose("any")} /> Any model</label>
      <label><input type="radio" name="any" .checked=${some} @change=${() => this.#choose([])} /> Only these</label>
      ${this.chosen === "any" ? nothing : this.#list(this.chosen)}
    </fieldset>`;
  }

  #list(chosen: readonly string[]): TemplateResult {
    const words = this.search.trim().toLowerCase();
    const found = this.#known(chosen).filter(({ id, name }) => `${name} ${id}`.toLowerCase().includes(words));
    return html`
      <div class="search">
        ${icon(searchIcon, 16)}
        <input
          type="search"
          aria-label="Search models"
          placeholder="Search"
          .value=${this.search}
          @input=${(event: Event) => (this.search = (event.target as HTMLInputElement).value)}
        />
      </div>
      <div class="list" role="group" aria-label="Allowed models" tabindex="0">
        ${found.map(
          ({ id, name }) =>
            html`<label
              ><input
                type="checkbox"
                .checked=${chosen.includes(id)}
                @change=${(event: Event) => this.#toggle(id, (event.target as HTMLInputElement).checked)}
              />
              <span>${plain(name) || id}</span></label
            >`,
        )}
        ${found.length === 0 ? html`<p class="muted small">No model matches.</p>` : nothing}
      </div>
      <p class="muted small" role="status">
        ${chosen.length === 1 ? "1 model selected" : `${chosen.length} models selected`}
      </p>
    `;
  }

  /** Allowed models that this device does not know come first, then stored models, then all others. */
  #known(chosen: readonly string[]): readonly Pick<ModelInfo, "id" | "name">[] {
    const { models } = this;
    const unknown = chosen.filter((id) => !models.some((model) => model.id === id)).map((id) => ({ id, name: id }));
    return [
      ...unknown,
      ...models.filter(({ stored }) => stored === "yes"),
      ...models.filter(({ stored }) => stored !== "yes"),
    ];
  }

  #toggle(id: string, on: boolean): void {
    const chosen = this.chosen === "any" ? [] : this.chosen;
    this.#choose(on ? [...chosen, id] : chosen.filter((each) => each !== id));
  }

  #choose(chosen: "any" | readonly string[]): void {
    this.chosen = chosen;
    this.dispatchEvent(new CustomEvent("mg-chosen", { detail: chosen }));
  }
}
