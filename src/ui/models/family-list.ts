/** The curated list of models: families with a sentence each, a row for each size, and the rest folded away. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { ModelInfo } from "../../grid";
import { WorkspaceElement } from "../element";
import { icon, downIcon } from "../icons";
import { type FamilyGroup, groupModels, unfitText } from "./groups";
import { listStyles, modelItem } from "./list-parts";

/** `<mg-family-list .workspace .listed .isOwn>`. */
@customElement("mg-family-list")
export class FamilyList extends WorkspaceElement {
  static override readonly styles = [
    listStyles,
    css`
      :host {
        display: block;
      }
      section {
        margin-top: 1rem;
        padding-top: 1rem;
        border-top: 1px solid var(--mg-border-strong);
      }
      h3 {
        font-size: 1rem;
        font-weight: 620;
      }
      .about {
        max-width: 40rem;
        font-size: 0.875rem;
        line-height: 1.5;
        text-wrap: pretty;
      }
      summary {
        display: flex;
        align-items: center;
        gap: 0.375rem;
        width: fit-content;
        padding: 0.25rem 0.375rem;
        margin-inline-start: -0.375rem;
        border-radius: var(--mg-radius-s);
        color: var(--mg-muted);
        font-size: 0.8125rem;
        cursor: pointer;
        list-style: none;
      }
      summary::-webkit-details-marker {
        display: none;
      }
      summary:hover {
        background: var(--mg-hover);
      }
      summary svg {
        flex: none;
        transition: transform var(--mg-ease);
      }
      [open] > summary svg {
        transform: rotate(180deg);
      }
      li details {
        margin-bottom: 0.625rem;
      }
      details ul {
        padding-inline-start: 1rem;
        border-inline-start: 2px solid var(--mg-border);
      }
      .unfit {
        margin-top: 1.25rem;
      }
    `,
  ];

  /** All models, sorted. */
  @property({ attribute: false }) listed: readonly ModelInfo[] = [];
  /** Tells the models that belong at the top: loaded, stored, or added by the person. */
  @property({ attribute: false }) isOwn: (model: ModelInfo) => boolean = () => false;
  /** The folded groups that are open, by their names. */
  @state() private open: ReadonlySet<string> = new Set();

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const { own, families, embedders, others, unfit } = groupModels(workspace.grid.state, this.listed, this.isOwn);
    return html`${this.#models("Models on this device", own)}
    ${repeat(
      families,
      ({ family }) => family.name,
      (group) => this.#family(group),
    )}
    ${
      embedders.length === 0
        ? nothing
        : html`<section>
            <h3>Embeddings</h3>
            <p class="about">
              They turn texts into numbers, so that programs can search and compare them by meaning. They do not chat.
            </p>
            ${this.#models("Models: Embeddings", embedders)}
          </section>`
    }
    ${
      others.length === 0
        ? nothing
        : html`<section>
            <h3>Others</h3>
            ${this.#models("Other models", others)}
          </section>`
    }
    ${unfit.length === 0 ? nothing : html`<div class="unfit">${this.#folded(unfitText(unfit), unfit)}</div>`}`;
  }

  #family({ family, licence, sizes }: FamilyGroup): TemplateResult {
    const facts = [licence, family.languages, `good at ${family.goodAt}`].filter(Boolean).join(" · ");
    return html`<section>
      <h3>${family.name}</h3>
      <p class="about">${family.sentence}<br /><span class="muted">${facts}</span></p>
      <ul aria-label="Models: ${family.name}">
        ${repeat(
          sizes,
          ({ name }) => name,
          ({ name, best, others }) =>
            modelItem(
              this.workspace,
              best,
              name,
              others.length === 0
                ? nothing
                : this.#folded(`${others.length} other ${others.length === 1 ? "version" : "versions"}`, others, name),
            ),
        )}
      </ul>
    </section>`;
  }

  #models(label: string, models: readonly ModelInfo[]): TemplateResult {
    return html`<ul aria-label=${label}>
      ${repeat(
        models,
        ({ id }) => id,
        (model) => modelItem(this.workspace, model),
      )}
    </ul>`;
  }

  /** Models behind a sentence. They are rendered when it is opened. */
  #folded(text: string, models: readonly ModelInfo[], of = ""): TemplateResult {
    const key = of === "" ? "unfit" : of;
    return html`<details ?open=${this.open.has(key)} @toggle=${(event: Event) => this.#toggle(key, event)}>
      <summary>${text} ${icon(downIcon, 14)}</summary>
      ${this.open.has(key) ? this.#models(of === "" ? "Models that cannot run here" : `Models: versions of ${of}`, models) : nothing}
    </details>`;
  }

  #toggle(key: string, event: Event): void {
    const open = new Set(this.open);
    if ((event.target as HTMLDetailsElement).open) open.add(key);
    else open.delete(key);
    this.open = open;
  }
}
