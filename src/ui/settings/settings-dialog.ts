/** What holds for the whole page: looks, privacy, who you are, what is stored, and help. */
import { Task } from "@lit/task";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Policy } from "../../grid";
import { isOwn } from "../controls";
import { formatBytes } from "../format";
import { icon } from "../icons";
import { WorkspaceController } from "../state/controller";
import { gpuName } from "../state/device";
import { readTheme, saveTheme, type Theme } from "../state/preferences";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";
import { SHORTCUTS } from "./shortcuts";

const THEMES = [
  ["auto", "System", "auto"],
  ["light", "Light", "sun"],
  ["dark", "Dark", "moon"],
] as const;

const PRIVACY: readonly (readonly [Policy["privacy"], string, string])[] = [
  ["device", "This device only", "Nothing you write leaves this device. Without a model here, there is no answer."],
  ["room", "This room", "Peers of a room that you joined may answer; whoever answers sees that chat."],
  ["anywhere", "Anywhere", "Also endpoints outside the room that you configure."],
];

/** `<mg-settings-dialog .workspace>`: a dialog named “Settings”. */
@customElement("mg-settings-dialog")
export class SettingsDialog extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    sections,
    css`
      wa-dialog {
        --width: min(36rem, calc(100vw - 1rem));
      }
      fieldset {
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 0.75rem;
        font-size: 0.9375rem;
        font-weight: 600;
      }
      .segments {
        display: grid;
        grid-template-columns: repeat(3, 1fr);
        gap: 0.375rem;
      }
      .choice {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        padding: 0.5rem 0.75rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius-s);
        font-size: 0.9375rem;
        line-height: 1.4;
        cursor: pointer;
      }
      .segments .choice {
        justify-content: center;
      }
      .choice:hover {
        background: var(--mg-hover);
      }
      .choice:has(:checked) {
        border-color: var(--mg-accent);
        background: var(--mg-accent-soft);
      }
      .choice:has(:focus-visible) {
        outline: 2px solid var(--mg-accent);
        outline-offset: 2px;
      }
      .segments input {
        position: absolute;
        opacity: 0;
      }
      .list {
        display: grid;
        gap: 0.375rem;
      }
      .list .choice {
        align-items: flex-start;
      }
      input[type="radio"] {
        accent-color: var(--mg-accent);
        margin-top: 0.25rem;
      }
      code {
        font: 0.75rem/1.5 var(--mg-mono);
        overflow-wrap: anywhere;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0.375rem 1rem;
        margin: 0;
        font-size: 0.875rem;
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
      dt {
        color: var(--mg-muted);
      }
      kbd {
        padding: 0.1em 0.4em;
        border: 1px solid var(--mg-border-strong);
        border-radius: 5px;
        font: 0.75rem var(--mg-mono);
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;
  @state() private theme: Theme = readTheme();
  @state() private renameError = "";
  readonly #storage = new Task(this, { task: () => storageUse(), args: () => [] });

  constructor() {
    super();
    new WorkspaceController(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    return html`<wa-dialog label="Settings" open light-dismiss @wa-after-hide=${this.#hidden}>
      ${this.#looks()} ${this.#privacy(workspace)} ${this.#identity(workspace)} ${this.#device(workspace)} ${help()}
    </wa-dialog>`;
  }

  #looks(): TemplateResult {
    return html`<section>
      <fieldset>
        <legend>Theme</legend>
        <div class="segments">
          ${THEMES.map(
            ([theme, label, name]) =>
              html`<label class="choice">
                <input
                  type="radio"
                  name="theme"
                  .checked=${this.theme === theme}
                  @change=${() => this.#setTheme(theme)}
                />
                ${icon(name, 16)} ${label}
              </label>`,
          )}
        </div>
      </fieldset>
    </section>`;
  }

  #privacy({ grid }: Workspace): TemplateResult {
    const { policy } = grid.state;
    return html`<section>
      <fieldset>
        <legend>Who may answer</legend>
        <div class="list">
          ${PRIVACY.map(
            ([privacy, label, hint]) =>
              html`<label class="choice">
                <input
                  type="radio"
                  name="privacy"
                  aria-label=${label}
                  .checked=${policy.privacy === privacy}
                  @change=${() => grid.setPolicy({ privacy })}
                />
                <span>${label}<br /><span class="muted small">${hint}</span></span>
              </label>`,
          )}
        </div>
      </fieldset>
      <wa-select
        label="Among those, prefer"
        .value=${policy.prefer}
        @change=${(event: Event) => grid.setPolicy({ prefer: (event.target as HTMLInputElement).value as Policy["prefer"] })}
      >
        <wa-option value="speed">the soonest answer</wa-option>
        <wa-option value="privacy">the most private place</wa-option>
        <wa-option value="cost">the cheapest place</wa-option>
      </wa-select>
    </section>`;
  }

  #identity({ grid }: Workspace): TemplateResult {
    return html`<section>
      <h3>You</h3>
      <wa-input
        label="Name that peers see"
        maxlength="40"
        .value=${grid.state.node.name}
        @change=${this.#rename}
      ></wa-input>
      ${this.renameError === "" ? nothing : html`<p class="error" role="alert">${this.renameError}</p>`}
      <p class="muted small">
        Your identity is a key that was made in this browser and never leaves it. Others know it as<br /><code
          >${grid.state.node.did}</code
        >
      </p>
    </section>`;
  }

  #device({ grid }: Workspace): TemplateResult {
    const { device, role } = grid.state;
    const gpu = device.webgpu;
    return html`<section>
      <h3>This device</h3>
      <dl>
        <dt>Browser</dt>
        <dd>${device.label}${role === "attached" ? ", attached to another tab that runs the models" : ""}</dd>
        <dt>WebGPU</dt>
        <dd>${gpu ? `${gpuName(gpu)}${gpu.software ? " (software)" : ""}` : (device.webgpuMissing ?? "no")}</dd>
        <dt>Stored</dt>
        <dd>
          ${this.#storage.render({ complete: (text) => text, pending: () => "…", error: () => "The browser does not tell." })}
        </dd>
      </dl>
    </section>`;
  }

  #setTheme(theme: Theme): void {
    this.theme = theme;
    saveTheme(theme);
  }

  readonly #rename = (event: Event): void => {
    const name = (event.target as HTMLInputElement).value.trim();
    this.renameError = "";
    void this.workspace?.grid.identity.rename(name).catch((error: unknown) => {
      this.renameError = error instanceof Error ? error.message : String(error);
    });
  };

  readonly #hidden = (event: Event): void => {
    if (isOwn(event)) this.workspace?.show({ dialog: undefined });
  };
}

function help(): TemplateResult {
  return html`<section>
    <h3>Keyboard</h3>
    <dl>
      ${SHORTCUTS.map(
        ([keys, what]) =>
          html`<dt><kbd>${keys}</kbd></dt>
            <dd>${what}</dd>`,
      )}
    </dl>
    <p class="muted small">
      Microgrid runs language models in the browser and shares the work in rooms. Apache-2.0. No account, no server, no
      telemetry.
    </p>
  </section>`;
}

async function storageUse(): Promise<string> {
  const { usage, quota } = await navigator.storage.estimate();
  const persisted = await navigator.storage.persisted();
  const kept = persisted ? "kept until you delete it" : "the browser may delete it when the disk is full";
  return `${formatBytes(usage)} of ${formatBytes(quota)}, ${kept}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-settings-dialog": SettingsDialog;
  }
}
