/** One message of the user. It can be copied, and edited to ask again. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { plain } from "../../core";
import type { MessageVersion, StoredMessage } from "../../grid";
import { MicrogridElement } from "../element";
import { copyText } from "../clipboard";
import { icon, clipIcon, copyIcon, editIcon } from "../icons";
import { isComposing, sends } from "../keys";
import { type Attachment, lengthText, splitAttachments, withAttachments } from "../state/attachments";
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
      .file {
        max-width: 100%;
        margin-top: 0.375rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
        background: var(--mg-surface);
        font-size: 0.875rem;
        overflow: hidden;
      }
      .file summary {
        display: flex;
        align-items: center;
        gap: 0.375rem;
        padding: 0.375rem 0.75rem;
        cursor: pointer;
      }
      .file summary:focus-visible {
        outline-offset: -2px;
      }
      .file bdi {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .file :is(svg, .muted) {
        flex: none;
      }
      .file pre {
        max-height: 20rem;
        margin: 0;
        padding: 0.625rem 0.75rem;
        border-top: 1px solid var(--mg-border);
        overflow: auto;
        font-family: var(--mg-mono);
        font-size: 0.8125rem;
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
  #parts = splitAttachments("");
  @query("textarea") private readonly field!: HTMLTextAreaElement | null;

  /** Opens the editor with the cursor at the end; `content` is a change that was made before. */
  async edit(content?: string): Promise<void> {
    this.editing = true;
    await this.updateComplete;
    if (content !== undefined && this.field) this.field.value = splitAttachments(content).text;
    this.field?.focus();
    this.field?.setSelectionRange(this.field.value.length, this.field.value.length);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("message")) this.#parts = splitAttachments(this.message?.content ?? "");
  }

  protected override render(): TemplateResult {
    const { text, attachments } = this.#parts;
    if (this.editing) {
      return html`${HEADING}
        <article aria-label="You">
          <form @submit=${this.#save}>
            <textarea dir="auto" aria-label="Edit message" .value=${text} @keydown=${this.#keydown}></textarea>
            ${attachments.map(attachedFile)}
            <div class="end">
              <button class="button plain" type="button" @click=${this.#cancel}>Cancel</button>
              <button class="button primary" type="submit">Send again</button>
            </div>
          </form>
        </article>`;
    }
    return html`${HEADING}
      <article aria-label="You">
        ${text === "" ? nothing : html`<div class="text" part="question" dir="auto">${text}</div>`}
        ${attachments.map(attachedFile)}
        ${this.editable ? html`<div class="foot">${this.#actions()}${this.#versions()}</div>` : nothing}
      </article>`;
  }

  #actions(): TemplateResult {
    return html`<div class="actions">
      <button class="icon-button small" aria-label="Copy message" title="Copy" @click=${this.#copy}>
        ${icon(copyIcon, 16)}
      </button>
      <button
        class="icon-button small"
        aria-label="Edit message"
        title="Edit"
        ?disabled=${this.busy}
        @click=${() => this.edit()}
      >
        ${icon(editIcon, 16)}
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
    const detail = withAttachments(this.field?.value ?? "", this.#parts.attachments);
    if (detail.trim() === "") return;
    this.editing = false;
    this.dispatchEvent(new CustomEvent("mg-edit", { detail }));
  };

  readonly #copy = (): void => void copyText(this.message?.content ?? "");
}

function attachedFile({ name, text }: Attachment): TemplateResult {
  return html`<details class="file">
    <summary>${icon(clipIcon, 16)}<bdi>${plain(name)}</bdi> <span class="muted">${lengthText(text)}</span></summary>
    <pre dir="auto">${text}</pre>
  </details>`;
}
