/** Creates a house: asks for its name, shows the recovery phrase once, then asks for two of its words. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { MAX_HOUSE_NAME_CHARS } from "../../grid";
import "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import { houseStyles } from "./house-styles";
import { placesToAsk, wordsOf, wrongPlaces } from "./secrets";

type Step =
  | { readonly kind: "name" }
  | { readonly kind: "phrase"; readonly words: readonly string[] }
  | { readonly kind: "confirm"; readonly words: readonly string[]; readonly asked: readonly number[] };

/**
 * `<mg-create-house .workspace>`. Events: `mg-holding` (detail: whether a phrase is shown that is not yet confirmed)
 * and `mg-done`.
 */
@customElement("mg-create-house")
export class CreateHouse extends WorkspaceElement {
  static override readonly styles = [sections, houseStyles];

  @state() private step: Step = { kind: "name" };
  @state() private problem = "";
  readonly #creating = new Task(this, {
    autoRun: false,
    task: async ([name]: readonly [string]) => {
      const made = await this.workspace?.grid.identity.createHouse(name);
      if (!made) return;
      this.step = { kind: "phrase", words: wordsOf(made.phrase) };
      this.#holding(true);
    },
  });

  protected override render(): TemplateResult {
    switch (this.step.kind) {
      case "name":
        return this.#name();
      case "phrase":
        return this.#phrase(this.step.words);
      case "confirm":
        return this.#confirm(this.step.words, this.step.asked);
    }
  }

  // Move the focus to the heading of the next step; the button that was pressed is gone.
  protected override updated(changed: PropertyValues): void {
    if (changed.has("step")) this.renderRoot.querySelector<HTMLElement>("h4")?.focus();
  }

  #name(): TemplateResult {
    return html`<form
      class="stack box"
      novalidate
      @submit=${(event: Event) => {
        event.preventDefault();
        const name = this.#values()[0] ?? "";
        this.problem = name === "" ? "Give the profile a name: yours or that of your organisation." : "";
        if (name !== "") void this.#creating.run([name]);
      }}
    >
      <wa-input
        label="Name of the profile"
        maxlength=${MAX_HOUSE_NAME_CHARS}
        autocomplete="off"
        placeholder="Ada"
      ></wa-input>
      ${this.#alert()} ${taskFailure(this.#creating)}
      <div class="choices">
        <button class="button primary" type="submit" aria-busy=${this.#creating.status === TaskStatus.PENDING}>
          Create the profile
        </button>
        <button class="button plain" type="button" @click=${() => this.#done()}>Cancel</button>
      </div>
    </form>`;
  }

  #phrase(words: readonly string[]): TemplateResult {
    return html`<div class="stack box">
      <h4 tabindex="-1">Write these ${words.length} words down, in this order</h4>
      <p class="small">
        They cannot be shown again later. Anyone who has them can act in your name. If you lose these words and all your
        devices, the profile cannot be recovered. Paper is better than a photo.
      </p>
      <ol class="words" aria-label="Recovery phrase">
        ${words.map((word) => html`<li>${word}</li>`)}
      </ol>
      <div>
        <button
          class="button primary"
          type="button"
          @click=${() => (this.step = { kind: "confirm", words, asked: placesToAsk(words.length) })}
        >
          I have written them down
        </button>
      </div>
    </div>`;
  }

  #confirm(words: readonly string[], asked: readonly number[]): TemplateResult {
    return html`<form
      class="stack box"
      novalidate
      @submit=${(event: Event) => {
        event.preventDefault();
        const wrong = wrongPlaces(words, asked, this.#values());
        this.problem =
          wrong.length === 0
            ? ""
            : `${wrong.map((place) => `Word ${place + 1}`).join(" and ")} ${wrong.length === 1 ? "does" : "do"} not match the phrase.`;
        if (wrong.length > 0) return;
        this.#holding(false);
        this.workspace?.toast("Your profile is created, and this device belongs to it");
        this.#done();
      }}
    >
      <h4 tabindex="-1">Confirm two of the words</h4>
      <div class="pair">
        ${asked.map(
          (place) =>
            html`<wa-input
              label="Word ${place + 1}"
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
            ></wa-input>`,
        )}
      </div>
      ${this.#alert()}
      <div class="choices">
        <button class="button primary" type="submit">Confirm</button>
        <button class="button plain" type="button" @click=${() => this.#show(words)}>Show the words again</button>
      </div>
    </form>`;
  }

  #alert(): TemplateResult | typeof nothing {
    return this.problem === "" ? nothing : html`<p class="error" role="alert">${this.problem}</p>`;
  }

  #show(words: readonly string[]): void {
    this.problem = "";
    this.step = { kind: "phrase", words };
  }

  #values(): string[] {
    const fields = this.renderRoot.querySelectorAll<HTMLElement & { value: string | null }>("wa-input");
    return [...fields].map(({ value }) => value?.trim() ?? "");
  }

  #holding(held: boolean): void {
    this.dispatchEvent(new CustomEvent("mg-holding", { detail: held, bubbles: true, composed: true }));
  }

  #done(): void {
    this.dispatchEvent(new CustomEvent("mg-done"));
  }
}
