/** The list of models, with what fits this device, what is stored and what is loaded. Adds further models. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { ModelInfo } from "../../grid";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import { icon, searchIcon } from "../icons";
import { gpuName } from "../state/device";
import type { Workspace } from "../state/workspace";
import { fields, sections } from "../styles/shared";
import "../pipelines/plan-view";
import "./add-model";
import "./family-list";
import { LISTED_RANK, filterModels, filtersFor, type ModelFilter } from "./filter";
import { listStyles, modelItem } from "./list-parts";
import "./recommendation";

/** How many rows to render at first, and how many to add each time the end of the list comes into view. */
const PAGE = 30;

/** `<mg-model-dialog .workspace>`: a dialog named “Models”. */
@customElement("mg-model-dialog")
export class ModelDialog extends WorkspaceElement {
  static override readonly styles = [
    fields,
    sections,
    listStyles,
    css`
      wa-dialog {
        --width: min(46rem, calc(100vw - 1rem));
        --spacing: 1.25rem;
      }
      wa-dialog::part(dialog) {
        height: min(46rem, calc(100dvh - 2rem));
      }
      @media (max-width: 560px) {
        wa-dialog {
          --width: 100vw;
          --spacing: 1rem;
        }
        wa-dialog::part(dialog) {
          height: 100dvh;
          max-width: 100vw;
          max-height: calc(100dvh - var(--mg-toast-end, 0px));
          border-radius: 0;
        }
      }
      wa-dialog::part(body) {
        padding-top: 0;
      }
      .tools {
        position: sticky;
        z-index: 1;
        top: 0;
        display: grid;
        gap: 0.625rem;
        padding: 0.25rem 0 0.75rem;
        background: var(--wa-color-surface-raised);
      }
      .search input {
        padding-inline-start: 2.375rem;
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: 0.375rem;
      }
      .chip {
        padding: 0.1875rem 0.75rem;
        border: 1px solid var(--mg-border-strong);
        border-radius: 99px;
        background: none;
        font-size: 0.8125rem;
      }
      @media (pointer: coarse) {
        .chip {
          min-height: 2.5rem;
        }
      }
      .chip:hover {
        background: var(--mg-hover);
      }
      .chip[aria-pressed="true"] {
        border-color: var(--mg-accent);
        background: var(--mg-accent-soft);
        color: var(--mg-accent);
      }
      .none {
        padding: 2rem 0;
        text-align: center;
      }
      .device {
        margin-bottom: 0.5rem;
      }
    `,
  ];

  @state() private search = "";
  @state() private filter: ModelFilter = "all";
  @state() private shown = PAGE;
  @state() private adding = false;
  @query(".end") private readonly end!: HTMLElement | null;
  #ranks = new Map<string, number>();
  readonly #observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) this.shown += PAGE;
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const { together } = workspace;
    const label = together.shown ? "Run with the room" : "Models";
    return html`<wa-dialog label=${label} open light-dismiss @wa-after-hide=${this.#hidden}>
      ${together.shown ? html`<mg-plan-view .workspace=${workspace}></mg-plan-view>` : this.#list(workspace)}
    </wa-dialog>`;
  }

  #list(workspace: Workspace): TemplateResult {
    const { state } = workspace.grid;
    // On a touch screen, the keyboard would cover half of the list.
    const onTouch = matchMedia("(pointer: coarse)").matches;
    const models = filterModels(state, this.search, this.filter, this.#ranks);
    return html`<div class="tools">
        <div class="search">
          ${icon(searchIcon, 18)}
          <input
            type="search"
            aria-label="Search models"
            placeholder="Search ${state.models.length} models"
            ?autofocus=${!onTouch}
            .value=${this.search}
            @input=${this.#typed}
          />
        </div>
        <div class="row spread">
          <div class="chips" role="group" aria-label="Filter">
            ${filtersFor(state).map(
              ([filter, label]) =>
                html`<button class="chip" aria-pressed=${this.filter === filter} @click=${() => this.#choose(filter)}>
                  ${label}
                </button>`,
            )}
          </div>
          <button class="link small" aria-expanded=${this.adding} @click=${() => (this.adding = !this.adding)}>
            Add a model…
          </button>
        </div>
        ${this.adding ? html`<mg-add-model .workspace=${workspace} @mg-added=${this.#added}></mg-add-model>` : nothing}
      </div>
      <p class="device muted small" tabindex="-1" ?autofocus=${onTouch}>${deviceText(workspace)}</p>
      ${this.search === "" && this.filter === "all" ? this.#families(workspace, models) : this.#found(workspace, models)}`;
  }

  /** Everything, in families. */
  #families(workspace: Workspace, listed: readonly ModelInfo[]): TemplateResult {
    return html`<mg-recommendation .workspace=${workspace}></mg-recommendation>
      <mg-family-list .workspace=${workspace} .listed=${listed} .isOwn=${this.#isOwn}></mg-family-list>`;
  }

  readonly #isOwn = (model: ModelInfo): boolean => (this.#ranks.get(model.id) ?? 0) < LISTED_RANK;

  /** The models that a search or a filter leaves over. */
  #found(workspace: Workspace, models: readonly ModelInfo[]): TemplateResult {
    return html`<ul aria-label="Models">
        ${repeat(
          models.slice(0, this.shown),
          (model) => model.id,
          (model) => modelItem(workspace, model),
        )}
      </ul>
      ${models.length === 0 ? html`<p class="none muted">${this.filter === "room" ? "No model in the list can be split. Add one by its name." : "No model matches. Try fewer words or another filter."}</p>` : nothing}
      ${models.length > this.shown ? html`<div class="end small muted">…</div>` : nothing}`;
  }

  protected override updated(_changed: PropertyValues): void {
    this.#observer.disconnect();
    if (this.end) this.#observer.observe(this.end);
  }

  #choose(filter: ModelFilter): void {
    this.filter = filter;
    this.shown = PAGE;
    this.#ranks = new Map();
  }

  readonly #typed = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value;
    this.shown = PAGE;
    this.#ranks = new Map();
  };

  readonly #added = (event: CustomEvent<ModelInfo>): void => {
    this.adding = false;
    this.filter = "all";
    this.search = event.detail.name;
  };

  readonly #hidden = (event: Event): void => {
    if (!isOwn(event)) return;
    this.workspace?.together.hide();
    this.workspace?.show({ dialog: undefined });
  };
}

function deviceText({ grid }: Workspace): string {
  const { webgpu } = grid.state.device;
  return webgpu && !webgpu.software
    ? `This device: ${gpuName(webgpu)}.`
    : "No usable graphics card found. Small models run on the processor; WebLLM models do not.";
}
