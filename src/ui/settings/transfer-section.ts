/** Exports everything the user has as one encrypted file, and imports such a file. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { dayField } from "../dates";
import { download } from "../download";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { houseStyles } from "../house/house-styles";
import "../house/backup-import";
import "../house/passphrase-form";
import type { PassphraseGiven } from "../house/passphrase-form";
import { sections } from "../styles/shared";

/** `<mg-transfer-section .workspace>`. */
@customElement("mg-transfer-section")
export class TransferSection extends WorkspaceElement {
  static override readonly styles = [sections, houseStyles];

  @state() private step: "none" | "export" | "import" = "none";
  readonly #exporting = new Task(this, {
    autoRun: false,
    task: async ([passphrase]: readonly [string]) => {
      const file = await this.workspace?.grid.identity.exportAll(passphrase);
      if (file) download(file, `microgrid-${dayField()}.microgrid`);
      this.#done("Everything is saved in the file. Keep its passphrase somewhere else.");
    },
  });

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <p class="muted small">
        Saves your profile, rooms, conversations and settings in one encrypted file, as a backup or for another browser.
        This device’s own key can’t be moved.
      </p>
      <div class="choices">
        ${this.#choice("export", "Export everything")} ${this.#choice("import", "Import a file")}
      </div>
      ${
        this.step === "export"
          ? html`<div class="box stack">
              <mg-passphrase-form
                mode="make"
                submit-label="Save the file"
                .busy=${this.#exporting.status === TaskStatus.PENDING}
                @mg-passphrase=${({ detail }: CustomEvent<PassphraseGiven>) => void this.#exporting.run([detail.passphrase])}
              ></mg-passphrase-form>
              ${taskFailure(this.#exporting)}
            </div>`
          : nothing
      }
      ${
        this.step === "import"
          ? html`<div class="box stack">
              <mg-backup-import .workspace=${this.workspace} @mg-done=${() => (this.step = "none")}></mg-backup-import>
            </div>`
          : nothing
      }
    </div>`;
  }

  #choice(step: "export" | "import", label: string): TemplateResult {
    const open = this.step === step;
    return html`<button class="button" aria-expanded=${open} @click=${() => (this.step = open ? "none" : step)}>
      ${label}
    </button>`;
  }

  #done(text: string): void {
    this.step = "none";
    this.workspace?.toast(text);
  }
}
