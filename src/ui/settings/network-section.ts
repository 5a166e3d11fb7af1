/** Chooses the servers this node uses to reach others, and whether others learn its network address. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { NetworkSettings } from "../../grid";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { icon, plusIcon, trashIcon } from "../icons";
import { sections } from "../styles/shared";
import { type IceDraft, type NetworkDraft, type NetworkErrors, networkDraft, readNetwork } from "./network-draft";

const EMPTY: IceDraft = { urls: "", username: "", credential: "" };

/** `<mg-network-section .workspace>`. */
@customElement("mg-network-section")
export class NetworkSection extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.875rem;
      }
      wa-textarea::part(textarea) {
        font: 0.8125rem/1.5 var(--mg-mono);
      }
      ul {
        display: grid;
        gap: 0.625rem;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) auto;
        gap: 0.5rem;
        align-items: end;
        padding: 0.75rem;
        border: 1px solid var(--mg-border);
        border-radius: var(--mg-radius);
      }
      li > :first-child,
      li > .error {
        grid-column: 1 / -1;
      }
      .label {
        font-size: 0.9375rem;
        font-weight: 550;
      }
    `,
  ];

  /** The edited settings; undefined if nothing was edited. */
  @state() private draft: NetworkDraft | undefined;
  @state() private errors: NetworkErrors = { ice: [] };
  readonly #saving = new Task(this, {
    autoRun: false,
    task: async ([settings]: readonly [NetworkSettings | undefined]) => {
      const { draft } = this;
      await this.workspace?.grid.setNetwork(settings);
      // Text that was typed while the settings were being saved stays.
      if (this.draft === draft) this.draft = undefined;
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const network = this.workspace?.grid.state.network;
    if (!network) return nothing;
    const draft = this.draft ?? networkDraft(network);
    const saved = this.draft === undefined && this.#saving.status === TaskStatus.COMPLETE;
    return html`<form novalidate @submit=${this.#submit}>
      <wa-textarea
        label="Signaling servers"
        hint="One address per line. They connect devices, and learn network addresses but no names or keys."
        rows="2"
        resize="auto"
        spellcheck="false"
        .value=${draft.signaling}
        @input=${(event: Event) => this.#set({ ...draft, signaling: (event.target as HTMLInputElement).value })}
      ></wa-textarea>
      ${alert(this.errors.signaling)}
      <p class="label" id="ice">ICE servers</p>
      <p class="muted small">
        STUN servers tell a device its public address; TURN servers relay traffic that cannot go directly. Without any
        of them, only devices on the same network can be reached.
      </p>
      ${
        draft.ice.length === 0
          ? nothing
          : html`<ul aria-labelledby="ice">
              ${draft.ice.map((server, index) => this.#server(draft, server, index))}
            </ul>`
      }
      <div>
        <button class="button" type="button" @click=${() => this.#set({ ...draft, ice: [...draft.ice, EMPTY] })}>
          ${icon(plusIcon, 16)} Add an ICE server
        </button>
      </div>
      <wa-switch
        hint="Hides this device’s address from other people and their networks. Slower, and needs a TURN server."
        .checked=${draft.relayOnly}
        @change=${(event: Event) => this.#set({ ...draft, relayOnly: (event.target as HTMLInputElement).checked })}
        >Only relayed connections</wa-switch
      >
      ${alert(this.errors.relayOnly)} ${taskFailure(this.#saving)}
      <div class="row">
        <button class="button" type="submit" aria-busy=${this.#saving.status === TaskStatus.PENDING}>
          Save the servers
        </button>
        <button class="link small" type="button" @click=${this.#reset}>Restore the site’s servers</button>
      </div>
      <p class="muted small" role="status">
        ${saved ? "Saved. The servers are used from the next room on." : "Changes apply from the next room on. A room you join by invite uses the signaling servers of the invite."}
      </p>
    </form>`;
  }

  #server(draft: NetworkDraft, server: IceDraft, index: number): TemplateResult {
    const change = (part: Partial<IceDraft>): void => {
      this.#set({ ...draft, ice: draft.ice.map((each, at) => (at === index ? { ...each, ...part } : each)) });
    };
    const field = (label: string, key: keyof IceDraft, type: string): TemplateResult =>
      html`<wa-input
        label=${label}
        size="s"
        type=${type}
        ?password-toggle=${type === "password"}
        autocomplete="off"
        spellcheck="false"
        placeholder=${key === "urls" ? "turn:turn.example.org:3478" : ""}
        .value=${server[key]}
        @input=${(event: Event) => change({ [key]: (event.target as HTMLInputElement).value })}
      ></wa-input>`;
    return html`<li>
      ${field("Address", "urls", "text")} ${field("User", "username", "text")}
      ${field("Password", "credential", "password")}
      <button
        class="icon-button"
        type="button"
        aria-label="Remove the ICE server ${server.urls || index + 1}"
        @click=${() => this.#set({ ...draft, ice: draft.ice.filter((_, at) => at !== index) })}
      >
        ${icon(trashIcon, 18)}
      </button>
      ${alert(this.errors.ice[index])}
    </li>`;
  }

  #set(draft: NetworkDraft): void {
    this.draft = draft;
    this.errors = { ice: [] };
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const network = this.workspace?.grid.state.network;
    if (!network) return;
    const read = readNetwork(this.draft ?? networkDraft(network));
    this.errors = read.ok ? { ice: [] } : read.errors;
    if (read.ok) void this.#saving.run([read.settings]);
  };

  readonly #reset = (): void => {
    this.errors = { ice: [] };
    void this.#saving.run([undefined]);
  };
}

function alert(text: string | undefined): TemplateResult | typeof nothing {
  return text === undefined ? nothing : html`<p class="error" role="alert">${text}</p>`;
}
