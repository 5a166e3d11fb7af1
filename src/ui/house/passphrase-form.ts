/** Asks for a passphrase: twice when saving a file, once and together with the file when opening one. */
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../controls";
import { MicrogridElement } from "../element";
import { sections } from "../styles/shared";
import { houseStyles } from "./house-styles";
import { passphraseProblem } from "./secrets";

/** The passphrase, and the chosen file when opening one. */
export interface PassphraseGiven {
  readonly passphrase: string;
  readonly file: File | undefined;
}

/** `<mg-passphrase-form mode="make" | "open" submit-label ?busy>`. Event: `mg-passphrase` (detail: `PassphraseGiven`). */
@customElement("mg-passphrase-form")
export class PassphraseForm extends MicrogridElement {
  static override readonly styles = [sections, houseStyles];

  @property() mode: "make" | "open" = "make";
  @property({ attribute: "submit-label" }) submitLabel = "";
  @property({ type: Boolean }) busy = false;
  @state() private problem = "";

  protected override render(): TemplateResult {
    const make = this.mode === "make";
    return html`<form class="stack" novalidate @submit=${this.#submit}>
      ${
        make
          ? nothing
          : html`<label class="stack"
              ><span class="field-label">File</span> <input type="file" name="file" accept=".microgrid"
            /></label>`
      }
      <div class="pair">
        <wa-input
          label="Passphrase"
          name="first"
          type="password"
          password-toggle
          autocomplete=${make ? "new-password" : "current-password"}
        ></wa-input>
        ${
          make
            ? html`<wa-input
                label="Passphrase again"
                name="second"
                type="password"
                password-toggle
                autocomplete="new-password"
              ></wa-input>`
            : nothing
        }
      </div>
      ${make ? html`<p class="muted small">Without the passphrase nobody can open the file, not even you.</p>` : nothing}
      ${this.problem === "" ? nothing : html`<p class="error" role="alert">${this.problem}</p>`}
      <div><button class="button" type="submit" aria-busy=${this.busy}>${this.submitLabel}</button></div>
    </form>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const passphrase = this.#field("first");
    const file = this.renderRoot.querySelector<HTMLInputElement>("input[type=file]")?.files?.[0];
    if (this.mode === "make") this.problem = passphraseProblem(passphrase, this.#field("second"));
    else this.problem = !file ? "Choose a file first." : passphrase === "" ? "Enter its passphrase." : "";
    if (this.problem !== "") return;
    this.dispatchEvent(new CustomEvent<PassphraseGiven>("mg-passphrase", { detail: { passphrase, file } }));
  };

  #field(name: string): string {
    return this.renderRoot.querySelector<HTMLElement & { value: string | null }>(`wa-input[name=${name}]`)?.value ?? "";
  }
}
