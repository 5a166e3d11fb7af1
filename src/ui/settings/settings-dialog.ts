/** The settings of the whole page: theme, privacy, identity, servers and storage. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { MAX_NAME_CHARS } from "../../grid";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import "../house/house-section";
import "../people/did-view";
import { houseMark, personStyles } from "../people/person";
import { revealOpened } from "../reveal";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import { choiceStyles } from "./choices";
import "./delete-section";
import "./looks-section";
import "./network-section";
import { privacySection } from "./privacy-section";
import "./transfer-section";

/** `<mg-settings-dialog .workspace>`: a dialog named “Settings”. */
@customElement("mg-settings-dialog")
export class SettingsDialog extends WorkspaceElement {
  static override readonly styles = [
    sections,
    personStyles,
    choiceStyles,
    css`
      wa-dialog {
        --width: min(36rem, calc(100vw - 1rem));
      }
      details {
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius-s);
        scroll-margin-block: 0.75rem;
      }
      summary {
        padding: 0.625rem 0.875rem;
        border-radius: var(--mg-radius-s);
        font-size: 0.9375rem;
        cursor: pointer;
      }
      summary:hover {
        background: var(--mg-hover);
      }
      summary .small {
        margin-inline-start: 0.25rem;
      }
      .inside {
        padding: 0.375rem 0.875rem 1rem;
      }
    `,
  ];

  /** True while a recovery phrase is shown that is never shown again, so the dialog must not close. */
  @state() private holding = false;
  readonly #renaming = new Task(this, {
    autoRun: false,
    task: async ([name]: readonly [string]) => this.workspace?.grid.identity.rename(name),
  });

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    return html`<wa-dialog
      label="Settings"
      open
      ?light-dismiss=${!this.holding}
      @wa-hide=${this.#hiding}
      @wa-after-hide=${this.#hidden}
      @mg-holding=${({ detail }: CustomEvent<boolean>) => (this.holding = detail)}
    >
      <section>${keyed(workspace.restores, html`<mg-looks-section></mg-looks-section>`)}</section>
      ${privacySection(workspace)} ${this.#you(workspace)}
      <section>
        <h3>Connections</h3>
        <details @toggle=${revealOpened}>
          <summary>Network</summary>
          <div class="inside"><mg-network-section .workspace=${workspace}></mg-network-section></div>
        </details>
      </section>
      <section>
        <h3>This device</h3>
        <mg-device-section .workspace=${workspace}></mg-device-section>
        <mg-delete-section .workspace=${workspace}></mg-delete-section>
      </section>
    </wa-dialog>`;
  }

  #you(workspace: Workspace): TemplateResult {
    const { node } = workspace.grid.state;
    return html`<section>
      <h3>You</h3>
      <wa-input
        label="Your name, as others see it"
        maxlength=${MAX_NAME_CHARS}
        .value=${node.name}
        @change=${this.#rename}
      ></wa-input>
      ${taskFailure(this.#renaming)}
      <div>
        <p class="muted small">
          This device’s ID. It belongs to a key that was created in this browser and can’t be moved.
        </p>
        <mg-did .value=${node.did}></mg-did>
      </div>
      <details ?open=${workspace.dialog === "profile"} @toggle=${revealOpened}>
        <summary>Profile <span class="small">${houseMark(node.house)}</span></summary>
        <div class="inside"><mg-house-section .workspace=${workspace}></mg-house-section></div>
      </details>
      <details @toggle=${revealOpened}>
        <summary>Take everything with you</summary>
        <div class="inside"><mg-transfer-section .workspace=${workspace}></mg-transfer-section></div>
      </details>
    </section>`;
  }

  readonly #rename = (event: Event): void => {
    void this.#renaming.run([(event.target as HTMLInputElement).value.trim()]);
  };

  readonly #hiding = (event: Event): void => {
    if (!isOwn(event) || !this.holding) return;
    event.preventDefault();
    this.workspace?.toast("First write the words down and confirm two of them. They cannot be shown again later.");
  };

  readonly #hidden = (event: Event): void => {
    if (!isOwn(event)) return;
    // Browsers close a dialog on the second press of Escape, whatever the page does.
    if (this.holding) (event.target as HTMLElement & { open: boolean }).open = true;
    else this.workspace?.show({ dialog: undefined });
  };
}
