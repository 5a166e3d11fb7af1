/** The form of a charter. Only a name is required; all rules are behind one click. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { MAX_CHARTER_TEXT_CHARS, MAX_NAME_CHARS, type ModelInfo } from "../../grid";
import "../controls";
import { MicrogridElement } from "../element";
import { sections } from "../styles/shared";
import { type CharterDraft, type DraftErrors, type DraftedCharter, NEW_CHARTER, readDraft } from "./draft";
import { type FormView, ID_EXAMPLE } from "./form-view";
import { comparedRules } from "./rules";
import { moreRules } from "./more-rules";

const ADMISSIONS: readonly (readonly [CharterDraft["admission"], string])[] = [
  ["invite", "anyone with the link"],
  ["approval", "people a member lets in"],
  ["listed", "only these people or devices"],
  ["houses", "only these profiles"],
];

/**
 * `<mg-charter-form .draft .models submit-label ?busy ?expanded>`; slotted content appears above “Advanced”, or on top inside
 * it (slot `advanced`).
 * Event: `mg-charter` (detail: `DraftedCharter`).
 */
@customElement("mg-charter-form")
export class CharterForm extends MicrogridElement {
  static override readonly styles = [
    sections,
    css`
      form,
      .more {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
      .more {
        margin-top: 0.75rem;
        gap: 1rem;
      }
      summary {
        width: fit-content;
        color: var(--mg-accent);
        font-size: 0.875rem;
        cursor: pointer;
      }
      .error {
        padding: 0.25rem 0.625rem;
        font-size: 0.8125rem;
      }
      .field {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.25rem;
      }
      .dids::part(textarea) {
        font: 0.8125rem/1.5 var(--mg-mono);
        word-break: break-all;
      }
      .numbers {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
        gap: 0.75rem;
        align-items: end;
      }
    `,
  ];

  @property({ attribute: false }) draft: CharterDraft = NEW_CHARTER;
  @property({ attribute: false }) models: readonly ModelInfo[] = [];
  @property({ attribute: "submit-label" }) submitLabel = "Save";
  @property({ type: Boolean }) busy = false;
  /** Whether all rules are shown from the beginning. */
  @property({ type: Boolean }) expanded = false;
  @state() private errors: DraftErrors = {};

  protected override render(): TemplateResult {
    const { draft } = this;
    const view: FormView = {
      draft,
      models: this.models,
      set: (change) => this.#set(change),
      error: (field) => this.#error(field),
    };
    return html`<form novalidate @submit=${this.#submit}>
      <div class="field">
        <wa-input
          label="Name of the room"
          name="name"
          maxlength=${MAX_NAME_CHARS}
          autocomplete="off"
          placeholder="Kitchen table"
          .value=${draft.name}
          @input=${(event: Event) => this.#set({ name: valueOf(event) })}
        ></wa-input>
        ${view.error("name")}
      </div>
      <slot></slot>
      <details ?open=${this.expanded}>
        <summary>Advanced ${this.#difference()}</summary>
        <div class="more">
          <slot name="advanced"></slot>
          <wa-textarea
            label="Purpose"
            rows="2"
            resize="auto"
            maxlength=${MAX_CHARTER_TEXT_CHARS}
            placeholder="Optional"
            .value=${draft.purpose}
            @input=${(event: Event) => this.#set({ purpose: valueOf(event) })}
          ></wa-textarea>
          <wa-select
            label="Who can join"
            .value=${draft.admission}
            @change=${(event: Event) => this.#set({ admission: valueOf(event) as CharterDraft["admission"] })}
          >
            ${ADMISSIONS.map(([kind, label]) => html`<wa-option value=${kind}>${label}</wa-option>`)}
          </wa-select>
          ${this.#listed(view)} ${moreRules(view)}
        </div>
      </details>
      <button class="button primary" type="submit" aria-busy=${this.busy}>${this.submitLabel}</button>
    </form>`;
  }

  /** Says how many rules a new room would not have. */
  #difference(): TemplateResult | typeof nothing {
    const read = readDraft(this.draft);
    if (!read.ok) return nothing;
    const { terms, founders, quorum } = read.charter;
    const { heading, special } = comparedRules({ ...terms, servers: [], founders: ["", ...founders], quorum });
    return special === 0 ? nothing : html`<span class="muted">· ${heading}</span>`;
  }

  #listed({ draft, error }: FormView): TemplateResult | typeof nothing {
    const field = draft.admission === "houses" ? "houses" : draft.admission === "listed" ? "listed" : undefined;
    if (field === undefined) return nothing;
    const what = field === "houses" ? "IDs of the profiles" : "IDs of the people or devices";
    return html`<div class="field">
      <wa-textarea
        class="dids"
        label=${what}
        hint="One per line. People find theirs in Settings under “You”. Owners can always join."
        rows="3"
        placeholder=${ID_EXAMPLE}
        spellcheck="false"
        .value=${draft[field]}
        @input=${(event: Event) => this.#set({ [field]: valueOf(event) })}
      ></wa-textarea>
      ${error(field)}
    </div>`;
  }

  #error(field: keyof CharterDraft): TemplateResult | typeof nothing {
    const text = this.errors[field];
    return text === undefined ? nothing : html`<p class="error" role="alert">${text}</p>`;
  }

  #set(change: Partial<CharterDraft>): void {
    this.draft = { ...this.draft, ...change };
    const fixed = new Set(Object.keys(change));
    this.errors = Object.fromEntries(Object.entries(this.errors).filter(([field]) => !fixed.has(field)));
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const read = readDraft(this.draft);
    if (read.ok) {
      this.errors = {};
      this.dispatchEvent(new CustomEvent<DraftedCharter>("mg-charter", { detail: read.charter }));
      return;
    }
    this.errors = read.errors;
    const wrong = Object.keys(read.errors) as (keyof CharterDraft)[];
    const details = this.renderRoot.querySelector("details");
    if (details && wrong.some((field) => field !== "name")) details.open = true;
    void this.updateComplete.then(() => {
      const field = this.renderRoot.querySelector(".error")?.previousElementSibling as HTMLElement | null;
      field?.focus();
    });
  };
}

/** The value of a Web Awesome field. */
function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}
