/** The house of this device, in the settings: create, restore or join one, or manage the one it has. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { nameText } from "../../core";
import type { HouseState } from "../../grid";
import { dayText } from "../dates";
import { download } from "../download";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import "../people/did-view";
import { houseMark, personStyles } from "../people/person";
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
            A profile stands for you or your organisation, with all your devices. Others see its name with a check mark,
            and each of your devices can manage the rooms that you open with it.
          </p>`
    }
    ${
      this.step === "create"
        ? html`<mg-create-house .workspace=${workspace} @mg-done=${done}></mg-create-house>`
        : html`<div class="choices">
            ${this.#choice("create", "Create a profile")} ${this.#choice("restore", "Restore a profile")}
            ${this.#choice("adopt", "I have a profile on another device")}
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
          ${house.scopes.includes("founder") ? "It may join and own rooms for the profile." : "It may join rooms for the profile."}
          ${house.keyHere ? "This device can manage the profile." : "Another device manages the profile."}
        </span>
      </p>
      <mg-did .value=${house.did} what="ID of the profile"></mg-did>
      <mg-house-devices .workspace=${workspace} .devices=${house.delegations}></mg-house-devices>
      <div class="choices">
        ${
          house.keyHere
            ? html`${this.#choice("vouch", "Add another device")} ${this.#choice("backup", "Back up to a file")}
              ${this.#choice("forget", "Stop managing it here…")}`
            : this.#choice("adopt", "Renew from another device")
        }
        ${this.#choice("leave", "Leave the profile…")}
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
          "This device can then no longer add devices to the profile, and its key is removed from here. Without the recovery phrase, a backup file or another device that manages the profile, it can never be managed again.",
          "Stop managing it",
          () => identity?.forgetHouseKey(),
        );
      case "leave":
        return this.#ask(
          `Others then no longer see “of ${nameText(house.name)}” beside this device, and rooms that let it in for that no longer do.${
            house.keyHere ? " The key of the profile is removed from this device too." : ""
          }`,
          "Leave the profile",
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
      if (file) download(file, `profile-${nameText(name).replace(/[^\p{L}\p{N}]+/gu, "-")}.microgrid`);
    });
  }

  #go(step: Step, work?: () => Promise<void> | undefined): void {
    void this.#going.run([step, work]);
  }
}
