/** The form of a charter: a name is enough, and everything else that a room can agree on is one press away. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ModelInfo } from "../../grid";
import "../controls";
import { base, sections } from "../styles/shared";
import {
  type CharterDraft,
  type DraftErrors,
  type DraftedCharter,
  MAX_NAME_CHARS,
  MAX_PURPOSE_CHARS,
  NEW_CHARTER,
  readDraft,
} from "./draft";
import { moreRules } from "./more-rules";

/** Fields that are seen at once; a mistake in any other opens the rest. */
const FIRST: readonly (keyof CharterDraft)[] = ["name", "purpose", "admission", "listed", "houses"];

const ADMISSIONS: readonly (readonly [CharterDraft["admission"], string])[] = [
  ["invite", "everybody with an invite"],
  ["approval", "whom a member lets in"],
  ["listed", "only these identities"],
  ["houses", "members of houses"],
];

/** How a field of the form is shown and changed. */
export interface FormView {
  readonly draft: CharterDraft;
  readonly models: readonly ModelInfo[];
  set(change: Partial<CharterDraft>): void;
  /** What is wrong with a field, below it. */
  error(field: keyof CharterDraft): TemplateResult | typeof nothing;
}

/**
 * `<mg-charter-form .draft .models submit-label ?busy>`; what is slotted stands before the rules that few need.
 * Event: `mg-charter` (detail: `DraftedCharter`).
 */
@customElement("mg-charter-form")
export class CharterForm extends LitElement {
  static override readonly styles = [
    base,
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
      <wa-textarea
        label="What it is for"
        rows="2"
        resize="auto"
        maxlength=${MAX_PURPOSE_CHARS}
        placeholder="Optional"
        .value=${draft.purpose}
        @input=${(event: Event) => this.#set({ purpose: valueOf(event) })}
      ></wa-textarea>
      <wa-select
        label="Who may come in"
        .value=${draft.admission}
        @change=${(event: Event) => this.#set({ admission: valueOf(event) as CharterDraft["admission"] })}
      >
        ${ADMISSIONS.map(([kind, label]) => html`<wa-option value=${kind}>${label}</wa-option>`)}
      </wa-select>
      ${this.#listed(view)}
      <slot></slot>
      <details>
        <summary>More rules</summary>
        <div class="more">${moreRules(view)}</div>
      </details>
      <wa-button type="submit" variant="brand" ?loading=${this.busy}>${this.submitLabel}</wa-button>
    </form>`;
  }

  #listed({ draft, error }: FormView): TemplateResult | typeof nothing {
    const field = draft.admission === "houses" ? "houses" : draft.admission === "listed" ? "listed" : undefined;
    if (field === undefined) return nothing;
    const what = field === "houses" ? "Houses, by their dids" : "Identities, by their dids";
    return html`<div class="field">
      <wa-textarea
        class="dids"
        label=${what}
        hint="One in each line. Everybody finds their own in Settings under “You”. Founders can always come in."
        rows="3"
        placeholder="did:key:z6Mk…"
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
    if (details && wrong.some((field) => !FIRST.includes(field))) details.open = true;
    void this.updateComplete.then(() => {
      const field = this.renderRoot.querySelector(".error")?.previousElementSibling as HTMLElement | null;
      field?.focus();
    });
  };
}

/** What a field of Web Awesome holds. */
export function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-charter-form": CharterForm;
  }
}
