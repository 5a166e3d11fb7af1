/** Restores a house on this device, from its recovery phrase or from a file. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { MAX_HOUSE_NAME_CHARS } from "../../grid";
import "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import "./backup-import";
import { houseStyles } from "./house-styles";

/** `<mg-restore-house .workspace>`. Event: `mg-done`. */
@customElement("mg-restore-house")
export class RestoreHouse extends WorkspaceElement {
  static override readonly styles = [sections, houseStyles];

  @state() private problem = "";
  readonly #byWords = new Task(this, {
    autoRun: false,
    task: async ([name, phrase]: readonly [string, string]) => {
      await this.workspace?.grid.identity.restoreHouse(name, phrase);
      this.#done("Your profile is restored, and this device belongs to it");
    },
  });

  protected override render(): TemplateResult {
    return html`<div class="stack box">
      <form class="stack" novalidate @submit=${this.#submit}>
        <h4>From its recovery phrase</h4>
        <wa-input
          label="Name of the profile"
          name="name"
          maxlength=${MAX_HOUSE_NAME_CHARS}
          autocomplete="off"
        ></wa-input>
        <wa-textarea
          label="Recovery phrase"
          name="phrase"
          rows="3"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
        ></wa-textarea>
        ${this.problem === "" ? nothing : html`<p class="error" role="alert">${this.problem}</p>`}
        ${taskFailure(this.#byWords)}
        <div>
          <button class="button primary" type="submit" aria-busy=${this.#byWords.status === TaskStatus.PENDING}>
            Restore the profile
          </button>
        </div>
      </form>
      <h4>Or from a file</h4>
      <mg-backup-import
        .workspace=${this.workspace}
        .wanted=${["house"]}
        @mg-done=${() => this.dispatchEvent(new CustomEvent("mg-done"))}
      ></mg-backup-import>
    </div>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const value = (name: string): string =>
      this.renderRoot.querySelector<HTMLElement & { value: string | null }>(`[name=${name}]`)?.value?.trim() ?? "";
    const name = value("name");
    const phrase = value("phrase");
    if (name === "") this.problem = "Enter the name of the profile; the phrase does not contain it.";
    else if (phrase === "") this.problem = "Enter the words of the phrase in their order.";
    else {
      this.problem = "";
      void this.#byWords.run([name, phrase]);
    }
  };

  #done(text: string): void {
    this.workspace?.toast(text);
    this.dispatchEvent(new CustomEvent("mg-done"));
  }
}
