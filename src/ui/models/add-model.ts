/** Adds a model by its name on a hub, by its address, or from files on this device. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, query } from "lit/decorators.js";
import { WorkspaceElement } from "../element";
import { errorText } from "../failure";
import { fields, sections } from "../styles/shared";

/** `<mg-add-model .workspace>`. Event: `mg-added` (detail: the model). */
@customElement("mg-add-model")
export class AddModel extends WorkspaceElement {
  static override readonly styles = [
    fields,
    sections,
    css`
      :host {
        display: block;
        padding: 0.875rem;
        border-radius: var(--mg-radius);
        background: var(--mg-sunken);
      }
      form {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
      form input {
        flex: 1 1 14rem;
        width: auto !important;
      }
      .below {
        margin-top: 0.5rem;
      }
    `,
  ];

  @query("input[type=text]") private readonly field!: HTMLInputElement;
  readonly #adding = new Task(this, {
    autoRun: false,
    task: async ([source]: readonly [string | FileList]) => {
      const model = await this.workspace?.grid.models.add(source);
      this.dispatchEvent(new CustomEvent("mg-added", { detail: model }));
      return model;
    },
  });

  protected override render(): TemplateResult {
    return html`<form @submit=${this.#submit}>
        <input
          type="text"
          aria-label="Name or address of a model"
          placeholder="owner/name, or https://…"
          autocapitalize="off"
          autocomplete="off"
          spellcheck="false"
        />
        <button class="button primary" type="submit">Add</button>
      </form>
      <p class="below muted small">
        A repository with an ONNX decoder or GGUF files, the address of a GGUF file, or a model compiled for WebLLM. Or
        <button class="link" @click=${() => this.#pick("files")}>choose files</button> or
        <button class="link" @click=${() => this.#pick("folder")}>a folder</button> on this device.
      </p>
      <input class="files" type="file" multiple hidden aria-label="Model files" @change=${this.#files} />
      <input class="folder" type="file" webkitdirectory hidden aria-label="Model folder" @change=${this.#files} />
      ${this.#adding.render({
        pending: () => html`<p class="below small" role="status">Reading the model’s files…</p>`,
        error: (error) => html`<p class="below error" role="alert">${errorText(error)}</p>`,
        complete: () => nothing,
        initial: () => nothing,
      })}`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const source = this.field.value.trim();
    if (source !== "") void this.#adding.run([source]);
  };

  #pick(kind: "files" | "folder"): void {
    this.renderRoot.querySelector<HTMLInputElement>(`input.${kind}`)?.click();
  }

  readonly #files = (event: Event): void => {
    const { files } = event.target as HTMLInputElement;
    if (files && files.length > 0) void this.#adding.run([files]);
  };
}
