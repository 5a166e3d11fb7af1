/** The devices that the house vouches for, as far as this device signed for them. */
import { Task } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { plain } from "../../core";
import type { DelegationState } from "../../grid";
import { dayText } from "../dates";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { avatar } from "../people/avatar";
import { personStyles, shortDid } from "../people/person";
import { sections } from "../styles/shared";
import { houseStyles } from "./house-styles";

/** `<mg-house-devices .workspace .devices>`. */
@customElement("mg-house-devices")
export class HouseDevices extends WorkspaceElement {
  static override readonly styles = [sections, personStyles, houseStyles];

  @property({ attribute: false }) devices: readonly DelegationState[] = [];
  /** The device that the next click revokes; empty if none. */
  @state() private asking = "";
  readonly #revoking = new Task(this, {
    autoRun: false,
    task: async ([subject]: readonly [string]) => this.workspace?.grid.identity.revoke(subject),
  });

  protected override render(): TemplateResult | typeof nothing {
    if (this.devices.length === 0) return nothing;
    return html`<div class="stack">
      <p class="field-label">Devices that this device has added</p>
      <ul class="devices" aria-label="Devices of the profile">
        ${repeat(
          this.devices,
          ({ subject }) => subject,
          (device) => this.#row(device),
        )}
      </ul>
      ${taskFailure(this.#revoking)}
    </div>`;
  }

  #row({ subject, label, scopes, notAfter, revoked }: DelegationState): TemplateResult {
    const name = plain(label) || shortDid(subject);
    const over = notAfter <= Date.now();
    const term = revoked ? "removed" : over ? `ended ${dayText(notAfter)}` : `until ${dayText(notAfter)}`;
    return html`<li>
      ${avatar(subject, 32)}
      <div>
        <bdi>${name}</bdi>
        <div class="muted small">
          ${[term, scopes.includes("founder") ? "may act as an owner" : ""].filter(Boolean).join(" · ")}
        </div>
      </div>
      ${
        revoked || over
          ? nothing
          : this.asking === subject
            ? html`<button class="button danger" @click=${() => this.#revoke(subject)}>Confirm removing</button>`
            : html`<button class="button" aria-label="Remove ${name}" @click=${() => (this.asking = subject)}>
                Remove
              </button>`
      }
    </li>`;
  }

  #revoke(subject: string): void {
    this.asking = "";
    void this.#revoking.run([subject]);
  }
}
