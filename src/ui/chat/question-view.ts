/** One message of the user. It can be copied, and edited to ask again. */
import { css, html, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { MessageVersion, StoredMessage } from "../../grid";
import { MicrogridElement } from "../element";
import { copyText } from "../clipboard";
import { icon } from "../icons";
import { isComposing, sends } from "../keys";
import { versionStyles, versionSwitch } from "./version-switch";

/** People who listen jump from turn to turn by headings. */
const HEADING = html`<h2 class="visually-hidden">You asked</h2>`;

/** `<mg-question .message>`. Events: `mg-edit` (detail: the new text), `mg-edit-cancelled`, `mg-version` (detail: the step). Part: `question`. */
export class QuestionView extends MicrogridElement {
  static override readonly styles = [
    versionStyles,
    css`
      :host {
        position: relative;
        display: block;
      }
      article {
        display: flex;
        flex-direction: column;
        align-items: flex-end;
      }
      .text {
        max-width: min(85%, 38rem);
        padding: 0.625rem 1rem;
        border-radius: var(--mg-radius-l) var(--mg-radius-l) 6px var(--mg-radius-l);
        background: var(--mg-accent-soft);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .foot {
        display: flex;
        align-items: center;
        margin: 0.125rem 0 -0.75rem;
      }
      .actions {
        display: flex;
        opacity: 0;
        transition: opacity var(--mg-ease);
      }
      article:hover .actions,
      article:focus-within .actions {
        opacity: 1;
      }
      @media (hover: none) {
        .actions {
          opacity: 0.8;
        }
      }
      form {
        display: grid;
        gap: 0.625rem;
        width: 100%;
        padding: 0.75rem;
        border: 1px solid var(--mg-accent);
        border-radius: var(--mg-radius-l);
        background: var(--mg-raised);
      }
      textarea {
        width: 100%;
        min-height: 4.5rem;
        field-sizing: content;
        max-height: 20rem;
        padding: 0.25rem 0.375rem;
        border: 0;
        outline: none !important;
        background: none;
        color: inherit;
        font: inherit;
        font-size: 1rem;
        resize: none;
      }
      .end {
        display: flex;
        justify-content: flex-end;
        gap: 0.5rem;
      }
    `,
  ];

  @property({ attribute: false }) message: StoredMessage | undefined;
  /** False for a message that is only shown, without buttons. */
  @property({ attribute: false }) editable = true;
  /** True while an answer is written; nothing can be edited then. */
  @property({ type: Boolean }) busy = false;
  /** Where the message stands among its versions. */
  @property({ attribute: false }) version: MessageVersion | undefined;
  @state() private editing = false;
  @query("textarea") private readonly field!: HTMLTextAreaElement | null;

  /** Opens the editor with the cursor at the end; `text` is a change that was made before. */
  async edit(text?: string): Promise<void> {
    this.editing = true;
    await this.updateComplete;
    if (text !== undefined && this.field) this.field.value = text;
    this.field?.focus();
    this.field?.setSelectionRange(this.field.value.length, this.field.value.length);
  }

  protected override render(): TemplateResult {
    const content = this.message?.content ?? "";
    if (this.editing) {
      return html`${HEADING}
        <article aria-label="You">
          <form @submit=${this.#save}>
            <textarea dir="auto" aria-label="Edit message" .value=${content} @keydown=${this.#keydown}></textarea>
            <div class="end">
              <button class="button plain" type="button" @click=${this.#cancel}>Cancel</button>
              <button class="button primary" type="submit">Send again</button>
            </div>
          </form>
        </article>`;
    }
    return html`${HEADING}
      <article aria-label="You">
        <div class="text" part="question" dir="auto">${content}</div>
        ${this.editable ? html`<div class="foot">${this.#actions()}${this.#versions()}</div>` : nothing}
      </article>`;
  }

  #actions(): TemplateResult {
    return html`<div class="actions">
      <button class="icon-button small" aria-label="Copy message" title="Copy" @click=${this.#copy}>
        ${icon("copy", 16)}
      </button>
      <button
        class="icon-button small"
        aria-label="Edit message"
        title="Edit"
        ?disabled=${this.busy}
        @click=${() => this.edit()}
      >
        ${icon("edit", 16)}
      </button>
    </div>`;
  }

  #versions(): TemplateResult | typeof nothing {
    return versionSwitch(this.version, this.busy, (detail) =>
      this.dispatchEvent(new CustomEvent("mg-version", { detail })),
    );
  }

  readonly #keydown = (event: KeyboardEvent): void => {
    if (sends(event)) this.#save(event);
    else if (event.key === "Escape" && !isComposing(event)) this.#cancel();
  };

  readonly #cancel = (): void => {
    this.editing = false;
    this.dispatchEvent(new CustomEvent("mg-edit-cancelled"));
  };

  readonly #save = (event: Event): void => {
    event.preventDefault();
    const text = this.field?.value ?? "";
    if (text.trim() === "") return;
    this.editing = false;
    this.dispatchEvent(new CustomEvent("mg-edit", { detail: text }));
  };

  readonly #copy = (): void => void copyText(this.message?.content ?? "");
}
