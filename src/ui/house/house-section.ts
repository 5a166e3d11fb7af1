/** The house of this device, in the settings: create, restore or join one, or manage the one it has. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { HouseState } from "../../grid";
import { dayText } from "../dates";
import { download } from "../download";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import "../people/did-view";
import { houseMark, nameText, personStyles } from "../people/person";
import { sections } from "../styles/shared";
import "./adopt";
import "./create-house";
import "./devices";
import { houseStyles } from "./house-styles";
import "./passphrase-form";
import type { PassphraseGiven } from "./passphrase-form";
import "./restore-house";
import "./vouch";

type Step = "none" | "create" | "restore" | "adopt" | "vouch" | "backup" | "forget" | "leave";

/** `<mg-house-section .workspace>`. */
@customElement("mg-house-section")
export class HouseSection extends WorkspaceElement {
  static override readonly styles = [sections, personStyles, houseStyles];

  @state() private step: Step = "none";
  /** Does the work of the current step, if any, and then goes to another one. */
  readonly #going = new Task(this, {
    autoRun: false,
    task: async ([step, work]: readonly [Step, (() => Promise<void> | undefined) | undefined]) => {
      await work?.();
      this.step = step;
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const { house } = workspace.grid.state.node;
    // The house already exists while its recovery phrase is still on the screen.
    return html`<div class="stack">
      ${house && this.step !== "create" ? this.#house(house) : this.#none()} ${taskFailure(this.#going)}
    </div>`;
  }

  #none(): TemplateResult {
    const { workspace } = this;
    const done = (): void => this.#go("none");
    return html`${
      workspace?.grid.state.node.house
        ? nothing
        : html`<p class="muted small">
            No house vouches for this device, so others see it as unverified. A house stands for you or your
            organisation. It vouches for each of your devices, and losing one of them does not lose the rooms that the
            house founded.
          </p>`
    }
    ${
      this.step === "create"
        ? html`<mg-create-house .workspace=${workspace} @mg-done=${done}></mg-create-house>`
        : html`<div class="choices">
            ${this.#choice("create", "Create a house")} ${this.#choice("restore", "Restore a house")}
            ${this.#choice("adopt", "I have a house on another device")}
          </div>`
    }
    ${this.step === "restore" ? html`<mg-restore-house .workspace=${workspace} @mg-done=${done}></mg-restore-house>` : nothing}
    ${this.step === "adopt" ? html`<mg-adopt .workspace=${workspace} @mg-done=${done}></mg-adopt>` : nothing}`;
  }

  #house(house: HouseState): TemplateResult {
    const { workspace } = this;
    return html`<p>
        This device is ${houseMark(house)} until ${dayText(house.notAfter)}.
        <span class="muted small">
          ${house.scopes.includes("founder") ? "It may join and found rooms for the house." : "It may join rooms for the house."}
          ${house.keyHere ? "The key of the house is on this device." : "The key of the house is on another device."}
        </span>
      </p>
      <mg-did .value=${house.did} what="identity of the house"></mg-did>
      <mg-house-devices .workspace=${workspace} .devices=${house.delegations}></mg-house-devices>
      <div class="choices">
        ${
          house.keyHere
            ? html`${this.#choice("vouch", "Vouch for another device")} ${this.#choice("backup", "Back up to a file")}
              ${this.#choice("forget", "Remove its key from here…")}`
            : this.#choice("adopt", "Renew from another device")
        }
        ${this.#choice("leave", "Leave the house…")}
      </div>
      ${this.#current(house)}`;
  }

  #current(house: HouseState): TemplateResult | typeof nothing {
    const { workspace } = this;
    const identity = workspace?.grid.identity;
    const done = (): void => this.#go("none");
    switch (this.step) {
      case "vouch":
        return html`<mg-vouch .workspace=${workspace} @mg-done=${done}></mg-vouch>`;
      case "adopt":
        return html`<mg-adopt .workspace=${workspace} @mg-done=${done}></mg-adopt>`;
      case "backup":
        return html`<div class="box">
          <mg-passphrase-form
            mode="make"
            submit-label="Save the file"
            .busy=${this.#going.status === TaskStatus.PENDING}
            @mg-passphrase=${({ detail }: CustomEvent<PassphraseGiven>) => this.#backup(house, detail.passphrase)}
          ></mg-passphrase-form>
        </div>`;
      case "forget":
        return this.#ask(
          "This device can then no longer sign for the house. Everything that it has signed stays valid. Without the recovery phrase, a backup file or another device with the key, the house can never vouch for anyone again.",
          "Remove the key",
          () => identity?.forgetHouseKey(),
        );
      case "leave":
        return this.#ask(
          `Others then see this device as unverified, and rooms that admitted it as a member of ${nameText(house.name)} no longer do.${
            house.keyHere ? " The key of the house is removed from this device too." : ""
          }`,
          "Leave the house",
          () => identity?.leaveHouse(),
        );
      default:
        return nothing;
    }
  }

  #choice(step: Step, label: string): TemplateResult {
    return html`<button
      class="button"
      aria-expanded=${this.step === step}
      @click=${() => this.#go(this.step === step ? "none" : step)}
    >
      ${label}
    </button>`;
  }

  #ask(text: string, label: string, run: () => Promise<void> | undefined): TemplateResult {
    return html`<div class="stack box">
      <p class="small">${text}</p>
      <div class="choices">
        <button
          class="button danger"
          ?disabled=${this.#going.status === TaskStatus.PENDING}
          @click=${() => this.#go("none", run)}
        >
          ${label}
        </button>
        <button class="button plain" @click=${() => this.#go("none")}>Keep it</button>
      </div>
    </div>`;
  }

  #backup({ name }: HouseState, passphrase: string): void {
    this.#go("none", async () => {
      const file = await this.workspace?.grid.identity.backupHouse(passphrase);
      if (file) download(file, `house-${nameText(name).replace(/[^\p{L}\p{N}]+/gu, "-")}.microgrid`);
    });
  }

  #go(step: Step, work?: () => Promise<void> | undefined): void {
    void this.#going.run([step, work]);
  }
}
