/** The field for messages, with files that go along. */
import { css, html, type TemplateResult } from "lit";
import { query } from "lit/decorators.js";
import type { Attachments } from "../attachments/attachments";
import { painted } from "../painted";
import { Composer } from "./composer";

/**
 * `<mg-composer>` of the page: its message has the text of the attached files in it. Files are chosen, pasted, or given to
 * `attach`. Events: those of `Composer`, and `mg-refused` (detail: the error that says why a file was not attached).
 */
export class AttachingComposer extends Composer {
  static override readonly styles = [
    ...Composer.styles,
    css`
      mg-attachments:not(:defined) {
        width: 1.75rem;
        height: 2.25rem;
      }
    `,
  ];

  @query("mg-attachments") private readonly element!: Attachments;
  /** Undefined until it has loaded. */
  #files: Attachments | undefined;
  /** Files that were given before. */
  #early: readonly File[] = [];

  constructor() {
    super();
    this.addEventListener("paste", this.#paste);
  }

  override get value(): string {
    return this.#files?.withText(this.text) ?? this.text;
  }

  override set value(content: string) {
    this.text = this.#files?.take(content) ?? content;
  }

  /** Reads files and attaches them to the message. */
  attach(files: readonly File[]): void {
    if (this.#files) void this.#files.attach(files);
    else this.#early = [...this.#early, ...files];
  }

  protected override get complete(): boolean {
    return !this.#files?.busy && this.#early.length === 0 && this.value.trim() !== "";
  }

  protected override firstUpdated(): void {
    void painted()
      .then(() => import("../attachments/attachments"))
      .then(
        () => {
          // An element that is not in the document is not upgraded by itself: the page may show something else by now.
          customElements.upgrade(this.element);
          this.#files = this.element;
          // A draft that came before has its files in its text.
          this.value = this.text;
          if (this.#early.length > 0) this.attach(this.#early);
        },
        // The page tells of parts that are missing.
        () => undefined,
      )
      .finally(() => {
        this.#early = [];
        this.requestUpdate();
      });
  }

  protected override beforeText(): TemplateResult {
    return html`<mg-attachments
      @mg-attached=${this.#attached}
      @mg-read=${() => this.requestUpdate()}
      @mg-refused=${(event: CustomEvent<Error>) => this.dispatchEvent(new CustomEvent("mg-refused", event))}
    ></mg-attachments>`;
  }

  readonly #attached = (): void => {
    this.changed();
    this.requestUpdate();
    this.focus();
  };

  readonly #paste = (event: ClipboardEvent): void => {
    const { files, types } = event.clipboardData ?? {};
    // Text that is copied from an office program also comes as a picture.
    if (!files || files.length === 0 || types?.includes("text/html")) return;
    event.preventDefault();
    this.attach(Array.from(files));
  };
}
