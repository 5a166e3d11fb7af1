/** An invite was opened: say what it is and what peers will see, and ask before joining. */
import { Task } from "@lit/task";
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { InviteInfo } from "../../grid";
import { isOwn } from "../controls";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";

interface Field extends HTMLElement {
  value: string;
}
interface Switch extends HTMLElement {
  checked: boolean;
}

/** `<mg-join-dialog .workspace .invite>`. Event: `mg-answered` (detail: whether the room was joined). */
@customElement("mg-join-dialog")
export class JoinDialog extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    sections,
    css`
      wa-dialog {
        --width: min(30rem, calc(100vw - 1.5rem));
      }
      .body {
        display: grid;
        gap: 1rem;
      }
      .room {
        font-size: 1.25rem;
        font-weight: 620;
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      ul {
        display: grid;
        gap: 0.375rem;
        margin: 0.25rem 0 0;
        padding-inline-start: 1.125rem;
        font-size: 0.9375rem;
      }
      li::marker {
        color: var(--mg-accent);
      }
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;
  @property() invite = "";
  #answered = false;
  readonly #joining = new Task(this, {
    autoRun: false,
    task: async ([invite, name, share]: readonly [string, string, boolean]) => {
      const grid = this.workspace?.grid;
      if (!grid) return;
      if (name !== "" && name !== grid.identity.name) await grid.identity.rename(name);
      await grid.rooms.current?.leave();
      const room = await grid.rooms.join(invite);
      if (share) await room.share({});
      this.#answer(true);
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const invite = this.#inspect(workspace);
    return html`<wa-dialog
      label=${"error" in invite ? "This invite does not work" : "Join a room?"}
      open
      @wa-after-hide=${this.#hidden}
    >
      ${
        "error" in invite
          ? html`<p class="error" role="alert">${invite.error}</p>
              <wa-button slot="footer" variant="brand" @click=${() => this.#answer(false)}>Go on without it</wa-button>`
          : this.#ask(workspace, invite)
      }
    </wa-dialog>`;
  }

  #ask(workspace: Workspace, invite: InviteInfo): TemplateResult {
    const current = workspace.grid.state.room;
    const pending = this.#joining.status === 1;
    return html`<div class="body">
        <p class="room">${invite.name}</p>
        <div>
          <p>What the people in the room can see:</p>
          <ul>
            <li>your name, your browser and your GPU, and your network address, since you connect directly</li>
            <li>the text of a chat, on the device that answers it for you</li>
            <li>nothing else: your other conversations and files stay on this device</li>
          </ul>
        </div>
        <wa-input
          label="Your name in the room"
          name="name"
          maxlength="40"
          .value=${workspace.grid.identity.name}
        ></wa-input>
        <wa-switch hint="Peers may then ask your models, with your power.">Share this device</wa-switch>
        ${invite.servers.length > 0 ? html`<p class="muted small">You meet through ${invite.servers.join(", ")}, which learns your network address.</p>` : nothing}
        ${current ? html`<p class="warning">You are in “${current.name}” now and will leave it.</p>` : nothing}
        ${this.#joining.render({
          error: (error) =>
            html`<p class="error" role="alert">${error instanceof Error ? error.message : String(error)}</p>`,
          initial: () => nothing,
          pending: () => html`<p class="muted small" role="status">Looking for the room…</p>`,
          complete: () => nothing,
        })}
      </div>
      <wa-button slot="footer" appearance="plain" @click=${() => this.#answer(false)}>Not now</wa-button>
      <wa-button slot="footer" variant="brand" ?loading=${pending} @click=${this.#join}>Join</wa-button>`;
  }

  #inspect({ grid }: Workspace): InviteInfo | { readonly error: string } {
    try {
      return grid.rooms.inspect(this.invite);
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  readonly #join = (): void => {
    const name = this.renderRoot.querySelector<Field>("wa-input[name=name]")?.value.trim() ?? "";
    // A guest came to ask, often on a phone, by a link of somebody else: giving is a wish of its own, so it is off at first.
    const share = this.renderRoot.querySelector<Switch>("wa-switch")?.checked ?? false;
    void this.#joining.run([this.invite, name, share]);
  };

  readonly #hidden = (event: Event): void => {
    if (isOwn(event)) this.#answer(false);
  };

  #answer(joined: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    this.dispatchEvent(new CustomEvent("mg-answered", { detail: joined }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-join-dialog": JoinDialog;
  }
}
