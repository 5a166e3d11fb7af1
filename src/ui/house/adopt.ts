/** Has this device vouched for by a house on another device: a request goes there, a signature comes back. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { carryIn, carryOut, carryStyles } from "../carry/carry";
import { fields, sections } from "../styles/shared";
import { houseStyles } from "./house-styles";

/** `<mg-adopt .workspace>`. Event: `mg-done`. */
@customElement("mg-adopt")
export class Adopt extends WorkspaceElement {
  static override readonly styles = [fields, sections, carryStyles, houseStyles];

  readonly #adopting = new Task(this, {
    autoRun: false,
    task: async ([text]: readonly [string]) => {
      const identity = this.workspace?.grid.identity;
      await identity?.adopt(text);
      this.workspace?.toast("This device now belongs to your profile");
      this.dispatchEvent(new CustomEvent("mg-done"));
    },
  });
  #request = "";

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    // A call may make a new request, so keep the one that is on the screen.
    this.#request ||= workspace.grid.identity.requestDelegation();
    return html`<div class="stack box">
      <h4>Add this device to your profile</h4>
      <p class="small muted">
        On a device that can manage your profile, open Settings, then “Profile”, then “Add another device”.
      </p>
      ${carryOut("1. Your request for the other device", "request", this.#request, (text) => workspace.toast(text))}
      ${carryIn("2. The other device’s reply", "Use it", (text) => void this.#adopting.run([text]))}
      ${taskFailure(this.#adopting)}
      ${this.#adopting.status === TaskStatus.PENDING ? html`<p class="small" role="status">One moment…</p>` : nothing}
    </div>`;
  }
}
