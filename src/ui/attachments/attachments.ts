/** The files that go along with a message. Loaded after the first paint. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { plain } from "../../core";
import { MicrogridElement } from "../element";
import { MAX_MESSAGE_CHARS } from "../../grid/parts";
import { icon, clipIcon, closeIcon } from "../icons";
import { type Attachment, lengthText, splitAttachments, withAttachments } from "../state/attachments";

/** A file that is being read. */
interface Reading {
  readonly name: string;
  readonly abort: AbortController;
}

/**
 * `<mg-attachments>`: a button to attach files, and those that are attached. Events: `mg-attached` when these have changed,
 * `mg-read` when a file is no longer being read, `mg-refused` (detail: the error that says why a file was not attached).
 */
@customElement("mg-attachments")
export class Attachments extends MicrogridElement {
  static override readonly styles = css`
    :host {
      display: contents;
    }
    .attach {
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
  `;

  @state() private attachments: readonly Attachment[] = [];
  @state() private reading: readonly Reading[] = [];
  /** The last change of the files, for people who listen. */
  @state() private news = "";
  @query("input") private readonly picker!: HTMLInputElement;

  /** True while files are being read. */
  get busy(): boolean {
    return this.reading.length > 0;
  }

  /** The message with this text. */
  withText(text: string): string {
    return withAttachments(text, this.attachments);
  }

  /** Takes the files of a message, and returns its text. */
  take(content: string): string {
    for (const { abort } of this.reading) abort.abort();
    this.reading = [];
    const { text, attachments } = splitAttachments(content);
    this.attachments = attachments;
    return text;
  }

  /** Reads files and attaches them to the message. */
  async attach(files: readonly File[]): Promise<void> {
    this.#tell();
    await Promise.all(files.map((file) => this.#read(file)));
  }

  protected override render(): TemplateResult {
    return html`${this.attachments.length + this.reading.length > 0 ? this.#chips() : nothing}
      <span class="visually-hidden" role="status">${this.news}</span>
      <input type="file" multiple hidden @change=${this.#picked} />
      <button
        class="icon-button attach"
        type="button"
        aria-label="Attach files"
        title="Attach text files or PDFs"
        @click=${() => this.picker.click()}
      >
        ${icon(clipIcon)}
      </button>`;
  }

  #chips(): TemplateResult {
    const chip = (name: string, about: string, remove: () => void): TemplateResult =>
      html`<li>
        ${icon(clipIcon, 16)}<bdi>${plain(name)}</bdi> <span class="muted">${about}</span>
        <button
          class="icon-button small"
          type="button"
          aria-label="Remove ${plain(name)}"
          title="Remove"
          @click=${() => this.#removed(name, remove)}
        >
          ${icon(closeIcon, 16)}
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
      const { readAttachment } = await import("./read-file");
      const attachment = await readAttachment(file, signal);
      if (signal.aborted) return;
      const attachments = [...this.attachments, attachment];
      const message = withAttachments("", attachments);
      if (message.length > MAX_MESSAGE_CHARS) throw tooLong(attachment, message);
      this.attachments = attachments;
      this.news = `${attachment.name} is attached: ${lengthText(attachment.text)}.`;
      this.#tell();
    } catch (error) {
      if (!signal.aborted) this.dispatchEvent(new CustomEvent("mg-refused", { detail: error }));
    } finally {
      this.#end(one);
    }
  }

  #end(one: Reading): void {
    one.abort.abort();
    this.reading = this.reading.filter((other) => other !== one);
    this.dispatchEvent(new CustomEvent("mg-read"));
  }

  #removed(name: string, remove: () => void): void {
    remove();
    this.news = `${plain(name)} is removed.`;
    this.#tell();
  }

  readonly #picked = (): void => {
    const files = Array.from(this.picker.files ?? []);
    // The same file may be chosen again.
    this.picker.value = "";
    void this.attach(files);
  };

  #tell(): void {
    this.dispatchEvent(new CustomEvent("mg-attached"));
  }
}

function tooLong({ name }: Attachment, message: string): Error {
  const limit = MAX_MESSAGE_CHARS.toLocaleString("en");
  return new Error(`With “${name}”, the message would have ${lengthText(message)}. It can have at most ${limit}.`);
}
