/** The field for messages, with files that go along. */
import { css, html, nothing, type TemplateResult } from "lit";
import { query, state } from "lit/decorators.js";
import { MAX_MESSAGE_CHARS } from "../../grid/parts";
import { icon } from "../icons";
import { plain } from "../plain";
import { type Attachment, lengthText, splitAttachments, withAttachments } from "../state/attachments";
import { Composer } from "./composer";

/** A file that is being read. */
interface Reading {
  readonly name: string;
  readonly abort: AbortController;
}

/**
 * `<mg-composer>` of the page: its message has the text of the attached files in it. Files are chosen, pasted, or given to
 * `attach`. Events: those of `Composer`, and `mg-refused` (detail: the error that says why a file was not attached).
 */
export class AttachingComposer extends Composer {
  static override readonly styles = [
    ...Composer.styles,
    css`
      form > .icon-button {
        margin-inline-end: -0.5rem;
        border-radius: var(--mg-radius);
      }
      ul {
        display: flex;
        flex: 1 0 100%;
        flex-wrap: wrap;
        gap: 0.375rem;
        max-height: 8rem;
        margin: 0;
        padding: 0;
        overflow-y: auto;
        list-style: none;
        cursor: default;
      }
      li {
        display: flex;
        align-items: center;
        gap: 0.375rem;
        min-width: 0;
        padding-inline-start: 0.625rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
        background: var(--mg-sunken);
        font-size: 0.875rem;
      }
      li > :is(svg, .muted) {
        flex: none;
      }
      bdi {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @state() private attachments: readonly Attachment[] = [];
  @state() private reading: readonly Reading[] = [];
  /** The last change of the files, for people who listen. */
  @state() private news = "";
  @query("input") private readonly picker!: HTMLInputElement;

  constructor() {
    super();
    this.addEventListener("paste", this.#paste);
  }

  override get value(): string {
    return withAttachments(this.text, this.attachments);
  }

  override set value(content: string) {
    for (const { abort } of this.reading) abort.abort();
    this.reading = [];
    ({ text: this.text, attachments: this.attachments } = splitAttachments(content));
  }

  protected override get complete(): boolean {
    return this.reading.length === 0 && (super.complete || this.attachments.length > 0);
  }

  /** Reads files and attaches them to the message. */
  async attach(files: readonly File[]): Promise<void> {
    this.changed();
    this.focus();
    await Promise.all(files.map((file) => this.#read(file)));
  }

  protected override beforeText(): TemplateResult {
    return html`${this.attachments.length + this.reading.length > 0 ? this.#chips() : nothing}
      <span class="visually-hidden" role="status">${this.news}</span>
      <input type="file" multiple hidden @change=${this.#picked} />
      <button
        class="icon-button"
        type="button"
        aria-label="Attach files"
        title="Attach text files or PDFs"
        @click=${() => this.picker.click()}
      >
        ${icon("clip")}
      </button>`;
  }

  #chips(): TemplateResult {
    const chip = (name: string, about: string, remove: () => void): TemplateResult =>
      html`<li>
        ${icon("clip", 16)}<bdi>${plain(name)}</bdi> <span class="muted">${about}</span>
        <button
          class="icon-button small"
          type="button"
          aria-label="Remove ${plain(name)}"
          title="Remove"
          @click=${() => this.#removed(name, remove)}
        >
          ${icon("close", 16)}
        </button>
      </li>`;
    return html`<ul aria-label="Attached files">
      ${this.attachments.map((file) =>
        chip(file.name, lengthText(file.text), () => {
          this.attachments = this.attachments.filter((other) => other !== file);
        }),
      )}
      ${this.reading.map((one) => chip(one.name, "reading…", () => this.#end(one)))}
    </ul>`;
  }

  async #read(file: File): Promise<void> {
    const one: Reading = { name: file.name, abort: new AbortController() };
    const { signal } = one.abort;
    this.reading = [...this.reading, one];
    try {
      const { readAttachment } = await import("../attachments/read-file");
      const attachment = await readAttachment(file, signal);
      if (signal.aborted) return;
      const attachments = [...this.attachments, attachment];
      const message = withAttachments(this.text, attachments);
      if (message.length > MAX_MESSAGE_CHARS) throw tooLong(attachment, message);
      this.attachments = attachments;
      this.news = `${attachment.name} is attached: ${lengthText(attachment.text)}.`;
      this.changed();
    } catch (error) {
      if (!signal.aborted) this.dispatchEvent(new CustomEvent("mg-refused", { detail: error }));
    } finally {
      this.#end(one);
    }
  }

  #end(one: Reading): void {
    one.abort.abort();
    this.reading = this.reading.filter((other) => other !== one);
  }

  #removed(name: string, remove: () => void): void {
    remove();
    this.news = `${plain(name)} is removed.`;
    this.changed();
    // The button with the focus has gone.
    this.focus();
  }

  readonly #picked = (): void => {
    const files = Array.from(this.picker.files ?? []);
    // The same file may be chosen again.
    this.picker.value = "";
    void this.attach(files);
  };

  readonly #paste = (event: ClipboardEvent): void => {
    const { files, types } = event.clipboardData ?? {};
    // Text that is copied from an office program also comes as a picture.
    if (!files || files.length === 0 || types?.includes("text/html")) return;
    event.preventDefault();
    void this.attach(Array.from(files));
  };
}

function tooLong({ name }: Attachment, message: string): Error {
  const limit = MAX_MESSAGE_CHARS.toLocaleString("en");
  return new Error(`With “${name}”, the message would have ${lengthText(message)}. It can have at most ${limit}.`);
}
