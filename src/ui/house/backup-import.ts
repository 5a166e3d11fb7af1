/** Imports a file of somebody's data: opens it, lists what it would change, and changes only what is ticked. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { BackupChange } from "../../grid";
import "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import { houseStyles } from "./house-styles";
import "./passphrase-form";
import type { PassphraseGiven } from "./passphrase-form";

/** A file that was opened. */
interface OpenedFile {
  readonly file: File;
  readonly passphrase: string;
  readonly changes: readonly BackupChange[];
}

/**
 * `<mg-backup-import .workspace .wanted>`. Ticks all changes that need no consent, and those of `wanted`. Event: `mg-done`
 * after the import.
 */
@customElement("mg-backup-import")
export class BackupImport extends WorkspaceElement {
  static override readonly styles = [
    sections,
    houseStyles,
    css`
      ul {
        display: grid;
        gap: 0.5rem;
        margin: 0;
        padding: 0;
        list-style: none;
        overflow-wrap: anywhere;
      }
      label {
        display: flex;
        gap: 0.5rem;
        align-items: baseline;
      }
    `,
  ];

  /** Ids of changes for which the person came, such as `house`. */
  @property({ attribute: false }) wanted: readonly string[] = [];
  @state() private opened: OpenedFile | undefined;
  @state() private ticked: ReadonlySet<string> = new Set();

  readonly #opening = new Task(this, {
    autoRun: false,
    task: async ([file, passphrase]: readonly [File, string]) => {
      const changes = (await this.workspace?.grid.identity.previewBackup(file, passphrase)) ?? [];
      this.ticked = new Set(changes.filter(({ id, asks }) => !asks || this.wanted.includes(id)).map(({ id }) => id));
      this.opened = { file, passphrase, changes };
    },
  });
  readonly #importing = new Task(this, {
    autoRun: false,
    task: async ([{ file, passphrase }]: readonly [OpenedFile]) => {
      await this.workspace?.restore(file, passphrase, [...this.ticked]);
      this.opened = undefined;
      this.workspace?.toast("The file is imported");
      this.dispatchEvent(new CustomEvent("mg-done"));
    },
  });

  protected override render(): TemplateResult {
    const { opened } = this;
    if (opened) return this.#preview(opened);
    return html`<div class="stack">
      <mg-passphrase-form
        mode="open"
        submit-label="Open the file"
        .busy=${this.#opening.status === TaskStatus.PENDING}
        @mg-passphrase=${({ detail: { file, passphrase } }: CustomEvent<PassphraseGiven>) => {
          if (file) void this.#opening.run([file, passphrase]);
        }}
      ></mg-passphrase-form>
      ${taskFailure(this.#opening)}
    </div>`;
  }

  #preview(opened: OpenedFile): TemplateResult {
    const { changes } = opened;
    if (changes.length === 0) {
      return html`<div class="stack">
        <p class="small">Everything in this file is here already.</p>
        <div><button class="button" @click=${this.#close}>Close</button></div>
      </div>`;
    }
    return html`<div class="stack">
      <p class="small">This is what the file changes here. All else stays as it is.</p>
      <ul aria-label="Changes">
        ${changes.map((change) => this.#change(change))}
      </ul>
      ${taskFailure(this.#importing)}
      <div class="choices">
        <button
          class="button primary"
          ?disabled=${this.ticked.size === 0}
          aria-busy=${this.#importing.status === TaskStatus.PENDING}
          @click=${() => void this.#importing.run([opened])}
        >
          Import what is ticked
        </button>
        <button class="button" @click=${this.#close}>Cancel</button>
      </div>
    </div>`;
  }

  #change({ id, text, asks }: BackupChange): TemplateResult {
    return html`<li>
      <label
        ><input type="checkbox" .checked=${this.ticked.has(id)} @change=${() => this.#tick(id)} />
        <span>${text}</span></label
      >
      ${asks ? html`<p class="muted small">${id === "house" ? KEY_HINT : WEAKER_HINT}</p>` : nothing}
    </li>`;
  }

  #tick(id: string): void {
    const ticked = new Set(this.ticked);
    if (!ticked.delete(id)) ticked.add(id);
    this.ticked = ticked;
  }

  readonly #close = (): void => {
    this.opened = undefined;
  };
}

const KEY_HINT = "Only tick this if you made this file yourself.";
const WEAKER_HINT = "This replaces a setting that protects you. Only tick it if you made this file yourself.";
