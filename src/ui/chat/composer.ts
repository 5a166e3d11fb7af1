/** Where messages are typed. */
import { LitElement, css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { icon } from "../icons";
import { base, buttons } from "../styles/shared";

/** Tallest that the field grows by itself, in px. */
const MAX_HEIGHT_PX = 240;

/**
 * `<mg-composer>`: Enter sends, Shift+Enter makes a line, Escape stops, arrow up in an empty field
 * edits the last message. Events: `mg-send` (detail: the text), `mg-stop`, `mg-edit-last`, `mg-draft`.
 */
@customElement("mg-composer")
export class Composer extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    css`
      :host {
        display: block;
      }
      form {
        display: flex;
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
        max-height: ${MAX_HEIGHT_PX}px;
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
        color: var(--mg-muted);
        opacity: 1;
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

  /** True while an answer is written: the button stops it. */
  @property({ type: Boolean }) busy = false;
  /** False until messages can be sent; what is typed stays. */
  @property({ type: Boolean }) ready = false;
  @property() placeholder = "Ask anything";
  @state() private text = "";
  @query("textarea") private readonly field!: HTMLTextAreaElement;

  /** What is typed now. */
  get value(): string {
    return this.text;
  }

  set value(text: string) {
    this.text = text;
  }

  override focus(): void {
    // Phones would open their keyboard over the page.
    if (matchMedia("(pointer: coarse)").matches) return;
    void this.updateComplete.then(() => this.field.focus());
  }

  protected override render(): TemplateResult {
    return html`<form @submit=${this.#submit} @click=${() => this.field.focus()}>
      <textarea
        rows="1"
        aria-label="Message"
        placeholder=${this.placeholder}
        enterkeyhint="send"
        .value=${this.text}
        @input=${this.#input}
        @keydown=${this.#keydown}
      ></textarea>
      ${
        this.busy
          ? html`<button class="send" type="button" aria-label="Stop answering" title="Stop (Esc)" @click=${this.#stop}>
              ${icon("stop")}
            </button>`
          : html`<button
              class="send"
              type="submit"
              aria-label="Send message"
              title="Send (Enter)"
              ?disabled=${!this.ready || this.text.trim() === ""}
            >
              ${icon("send")}
            </button>`
      }
    </form>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("text" as keyof Composer)) return;
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, MAX_HEIGHT_PX)}px`;
  }

  readonly #input = (): void => {
    this.text = this.field.value;
    this.#tell("mg-draft", this.text);
  };

  readonly #keydown = (event: KeyboardEvent): void => {
    // Enter also ends the composition of an input method; that is not a wish to send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
    else if (event.key === "Escape" && this.busy) this.#stop();
    else if (event.key === "ArrowUp" && this.text === "" && !this.busy) {
      event.preventDefault();
      this.#tell("mg-edit-last");
    }
  };

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    if (this.busy || !this.ready || this.text.trim() === "") return;
    const text = this.text;
    this.text = "";
    this.#tell("mg-draft", "");
    this.#tell("mg-send", text);
  };

  readonly #stop = (): void => this.#tell("mg-stop");

  #tell(type: string, detail?: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-composer": Composer;
  }
}
