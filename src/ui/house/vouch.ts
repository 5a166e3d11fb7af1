/** Vouches for another device of the house: its request comes here, a signature goes back. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { MAX_NAME_CHARS, type Scope } from "../../grid";
import "../controls";
import { dayField, lastMoment } from "../dates";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { carryIn, carryOut, carryStyles } from "../carry/carry";
import { fields, sections } from "../styles/shared";
import { houseStyles } from "./house-styles";

/** How long the house vouches for a device by default, days. */
const USUAL_DAYS = 365;

interface Terms {
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly notAfter: Date;
}

/** `<mg-vouch .workspace>`. Event: `mg-done`. */
@customElement("mg-vouch")
export class Vouch extends WorkspaceElement {
  static override readonly styles = [fields, sections, carryStyles, houseStyles];

  @state() private request = "";
  @state() private problem = "";
  readonly #signing = new Task(this, {
    autoRun: false,
    task: async ([request, terms]: readonly [string, Terms]) => this.workspace?.grid.identity.delegate(request, terms),
  });

  protected override render(): TemplateResult {
    const signed = this.#signing.status === TaskStatus.COMPLETE ? this.#signing.value : undefined;
    return html`<div class="stack box">
      <h4>Add another device</h4>
      <p class="small muted">
        On the other device, open Settings, then “Profile”, then “I have a profile on another device”. It shows a
        request.
      </p>
      ${
        signed !== undefined
          ? html`${carryOut("3. Your reply for the other device", "signature", signed, (text) => this.workspace?.toast(text))}
              <div>
                <button class="button" @click=${() => this.dispatchEvent(new CustomEvent("mg-done"))}>Done</button>
              </div>`
          : this.request === ""
            ? carryIn("1. The other device’s request", "Use it", (text) => (this.request = text))
            : this.#terms()
      }
    </div>`;
  }

  #terms(): TemplateResult {
    return html`<form class="stack" novalidate @submit=${this.#sign}>
      <p class="field-label">2. What the device may do</p>
      <div class="pair">
        <wa-input
          label="Your name for it"
          name="label"
          maxlength=${MAX_NAME_CHARS}
          autocomplete="off"
          placeholder="Phone"
        ></wa-input>
        <wa-input label="Last day" name="ends" type="date" min=${dayField()} value=${dayField(USUAL_DAYS)}></wa-input>
      </div>
      <wa-switch hint="It can then change the rules of rooms that the profile owns, and remove members."
        >It may also act as an owner</wa-switch
      >
      ${this.problem === "" ? nothing : html`<p class="error" role="alert">${this.problem}</p>`}
      ${taskFailure(this.#signing)}
      <div class="choices">
        <button class="button primary" type="submit" aria-busy=${this.#signing.status === TaskStatus.PENDING}>
          Add it
        </button>
        <button class="button plain" type="button" @click=${() => (this.request = "")}>Use another request</button>
      </div>
    </form>`;
  }

  readonly #sign = (event: Event): void => {
    event.preventDefault();
    const value = (name: string): string =>
      this.renderRoot.querySelector<HTMLElement & { value: string | null }>(`[name=${name}]`)?.value?.trim() ?? "";
    const label = value("label");
    const notAfter = lastMoment(value("ends"));
    const founder = this.renderRoot.querySelector<HTMLElement & { checked: boolean }>("wa-switch")?.checked ?? false;
    if (label === "") this.problem = "Give the device a name, so that you recognise it in the list.";
    else if (!(notAfter instanceof Date)) this.problem = notAfter ?? "Choose a last day.";
    else {
      this.problem = "";
      void this.#signing.run([this.request, { label, scopes: founder ? ["member", "founder"] : ["member"], notAfter }]);
    }
  };
}
