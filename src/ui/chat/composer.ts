/** The field in which messages are typed. */
import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { MicrogridElement } from "../element";
import { icon, sendIcon, stopIcon } from "../icons";
import { isComposing, isTouch, sends } from "../keys";

/**
 * `<mg-composer>`: Enter sends, and Shift+Enter starts a new line; on touch screens, Enter does, and the button sends. Escape
 * stops, arrow up in an empty field edits the last message. Events: `mg-send` (detail: the text), `mg-stop`, `mg-edit-last`, `mg-draft`. Parts: `composer`, `input`, `send`.
 */
export class Composer extends MicrogridElement {
  static override readonly styles = [
    css`
      :host {
        display: block;
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-end;
        gap: 0.5rem;
        padding: 0.5rem;
        border: 1px solid var(--mg-border-strong);
        border-radius: var(--mg-radius-l);
        background: var(--mg-raised);
        box-shadow: 0 1px 2px light-dark(#2a24100d, #0003);
        transition:
          border-color var(--mg-ease),
          box-shadow var(--mg-ease);
        cursor: text;
      }
      form:focus-within {
        border-color: var(--mg-accent);
        box-shadow: 0 0 0 3px color-mix(in srgb, var(--mg-accent) 16%, transparent);
      }
      textarea {
        flex: 1;
        min-width: 0;
        max-height: 240px;
        field-sizing: content;
        padding: 0.375rem 0.625rem;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        font-size: 1rem;
        line-height: 1.5;
        resize: none;
        outline: none !important;
      }
      textarea::placeholder {
        overflow: hidden;
        color: var(--mg-muted);
        opacity: 1;
        text-overflow: ellipsis;
        /* A second line of it would make the field grow. */
        white-space: nowrap;
      }
      .send {
        display: grid;
        flex: none;
        place-items: center;
        width: 2.25rem;
        height: 2.25rem;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: var(--mg-accent);
        color: var(--mg-on-accent);
        transition:
          background var(--mg-ease),
          opacity var(--mg-ease);
      }
      .send:hover:not(:disabled) {
        background: var(--mg-accent-hover);
      }
      .send:disabled {
        background: var(--mg-hover);
        color: var(--mg-muted);
        opacity: 1;
      }
    `,
  ];

  /** True while an answer is written; the button then stops it. */
  @property({ type: Boolean }) busy = false;
  /** False until messages can be sent; the text that was typed before stays. */
  @property({ type: Boolean }) ready = false;
  @property() placeholder = "Ask anything";
  @state() protected text = "";
  @query("textarea") private readonly field!: HTMLTextAreaElement;

  /** The message as it is now. */
  get value(): string {
    return this.text;
  }

  set value(text: string) {
    this.text = text;
  }

  /** True if there is a message to send. */
  protected get complete(): boolean {
    return this.text.trim() !== "";
  }

  override focus(options?: FocusOptions): void {
    void this.updateComplete.then(() => this.field.focus(options));
  }

  protected override render(): TemplateResult {
    return html`<form part="composer" @submit=${this.#submit} @click=${() => this.field.focus()}>
      ${this.beforeText()}
      <textarea
        part="input"
        rows="1"
        dir="auto"
        aria-label="Message"
        placeholder=${this.placeholder}
        enterkeyhint=${isTouch() ? "enter" : "send"}
        .value=${this.text}
        @input=${this.#input}
        @keydown=${this.#keydown}
      ></textarea>
      ${
        this.busy
          ? html`<button
              class="send"
              part="send"
              type="button"
              aria-label="Stop answering"
              title="Stop (Esc)"
              @click=${this.#stop}
            >
              ${icon(stopIcon)}
            </button>`
          : html`<button
              class="send"
              part="send"
              type="submit"
              aria-label="Send message"
              title="Send (Enter)"
              ?disabled=${!this.ready || !this.complete}
            >
              ${icon(sendIcon)}
            </button>`
      }
    </form>`;
  }

  /** Content in front of the text; none here. */
  protected beforeText(): unknown {
    return nothing;
  }

  /** Tells that the message has changed. */
  protected changed(): void {
    this.#tell("mg-draft", this.value);
  }

  protected override updated(changed: PropertyValues): void {
    // Where the browser sizes the field itself, measuring it would lay out all of a long text twice more.
    if (!changed.has("text" as keyof Composer) || CSS.supports("field-sizing", "content")) return;
    // The styles limit the height.
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  readonly #input = (): void => {
    this.text = this.field.value;
    this.changed();
  };

  readonly #keydown = (event: KeyboardEvent): void => {
    if (sends(event)) this.#submit(event);
    else if (isComposing(event)) return;
    else if (event.key === "Escape" && this.busy) this.#stop();
    else if (event.key === "ArrowUp" && this.value === "" && !this.busy) {
      event.preventDefault();
      this.#tell("mg-edit-last");
    }
  };

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    if (this.busy || !this.ready || !this.complete) return;
    const message = this.value;
    this.value = "";
    this.changed();
    this.#tell("mg-send", message);
  };

  readonly #stop = (): void => this.#tell("mg-stop");

  #tell(type: string, detail?: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
