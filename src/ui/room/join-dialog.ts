/** Shows the rules of an invite's room and who is inside, and asks before this node tells them anything. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { isAbort, MicrogridError, quotedName } from "../../core";
import { type InviteInfo, MAX_NAME_CHARS, type RoomPreview } from "../../grid";
import { type Entrance, entranceFor } from "../charter/entrance";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import { errorText } from "../failure";
import { modelName } from "../state/models";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import "../people/did-view";
import {
  SHARE_LABEL,
  endedText,
  leavingText,
  lookFailedText,
  lookingText,
  meetingText,
  shareHint,
  visibleToMembers,
} from "./consent";
import { joinStyles } from "./join-styles";
import { RoomPreviewView } from "./preview";

interface Field extends HTMLElement {
  value: string;
}
interface Switch extends HTMLElement {
  checked: boolean;
}

/** How the question of an invite ended; `waiting`: a member may first have to let this guest in. */
export type InviteAnswer = "inside" | "waiting" | "declined";

/** `<mg-join-dialog .workspace .invite>`. Event: `mg-answered` (detail: an `InviteAnswer`). */
@customElement("mg-join-dialog")
export class JoinDialog extends WorkspaceElement {
  static override readonly styles = [sections, joinStyles];

  @property() invite = "";
  #answered = false;
  #entrance: Entrance | undefined;
  /** Previews the room as a guest; ends with the dialog. */
  readonly #looking = new Task(this, {
    args: () => [this.workspace?.grid, this.invite] as const,
    task: async ([grid, invite], { signal }): Promise<RoomPreview | undefined> =>
      grid?.rooms.preview(invite, { signal }),
  });
  /** Whether this node is already a member, which can return whatever the invite says. */
  readonly #member = new Task(this, {
    args: () => [this.workspace?.grid, this.invite] as const,
    task: async ([grid, invite]) => {
      const kept = (await grid?.rooms.kept()) ?? [];
      return kept.some(({ id }) => id === grid?.rooms.inspect(invite).roomId);
    },
  });
  readonly #joining = new Task(this, {
    autoRun: false,
    task: async ([invite, name, share]: readonly [string, string, boolean]) => {
      const grid = this.workspace?.grid;
      if (!grid) return;
      this.#looking.abort();
      if (name !== "" && name !== grid.identity.name) await grid.identity.rename(name);
      await grid.rooms.current?.leave();
      const room = await grid.rooms.join(invite);
      if (share) await room.share({});
      this.#answer(true);
    },
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#looking.abort();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const invite = this.#inspect(workspace);
    return html`<wa-dialog
      label=${"error" in invite ? "This invite does not work" : `Join ${quotedName(this.#looking.value?.charter.name ?? invite.name)}?`}
      open
      data-own-address
      @wa-after-hide=${this.#hidden}
    >
      ${
        "error" in invite
          ? html`<p class="error" role="alert">${invite.error}</p>
              <button class="button primary" type="button" slot="footer" @click=${() => this.#answer(false)}>
                Continue without it
              </button>`
          : this.#ask(workspace, invite)
      }
    </wa-dialog>`;
  }

  #ask(workspace: Workspace, invite: InviteInfo): TemplateResult {
    const { state } = workspace.grid;
    const preview = this.#looking.value;
    const member = this.#member.value === true;
    const ended = member ? undefined : endedText(invite);
    const entrance: Entrance | undefined = member
      ? { kind: "open" }
      : preview && entranceFor(preview.charter, state.node);
    this.#entrance = entrance;
    // A guest who cannot enter has nothing to agree to.
    const shut = ended !== undefined || entrance?.kind === "closed" || (!entrance && this.#refused());
    return html`<div class="body" tabindex="-1" autofocus>
        ${entrance?.kind === "closed" ? this.#closed(workspace, entrance) : nothing}
        ${
          ended !== undefined
            ? html`<p class="error" role="alert">${ended}</p>`
            : preview
              ? this.#seen(workspace, preview)
              : this.#unseen(workspace)
        }
        ${shut ? nothing : this.#consent(workspace, preview)} ${shut ? nothing : meetingText(invite)}
        ${leavingText(state.room)}
        ${this.#joining.render({
          error: (error) => html`<p class="error" role="alert">${errorText(error)}</p>`,
          initial: () => nothing,
          pending: () => html`<p class="muted small" role="status">Joining the room…</p>`,
          complete: () => nothing,
        })}
      </div>
      <button class="button plain" type="button" slot="footer" @click=${() => this.#answer(false)}>Cancel</button>
      ${this.#button(entrance, shut)}`;
  }

  #button(entrance: Entrance | undefined, shut: boolean): TemplateResult {
    const pending = this.#joining.status === TaskStatus.PENDING;
    if (!entrance && !shut) {
      return html`<button class="button" type="button" slot="footer" aria-busy=${pending} @click=${this.#join}>
        Join anyway
      </button>`;
    }
    return html`<button
      class="button primary"
      type="button"
      slot="footer"
      ?disabled=${shut}
      aria-busy=${pending}
      @click=${this.#join}
    >
      ${entrance?.kind === "ask" ? "Ask to join" : "Join"}
    </button>`;
  }

  #seen({ grid }: Workspace, preview: RoomPreview): TemplateResult {
    return html`<mg-room-preview
      .preview=${preview}
      .modelName=${(id: string) => modelName(grid.state, id)}
    ></mg-room-preview>`;
  }

  #unseen({ grid }: Workspace): TemplateResult {
    if (this.#looking.status === TaskStatus.ERROR && !isAbort(this.#looking.error)) {
      const reason = errorText(this.#looking.error);
      return html`<div class="error" role="alert">
        <p>${this.#refused() ? reason : lookFailedText(reason)}</p>
        <button class="link" @click=${() => void this.#looking.run()}>Try again</button>
      </div>`;
    }
    return html`<p class="waiting" role="status">
      <span class="pulse" aria-hidden="true"></span>
      <span>${lookingText(grid.state)}</span>
    </p>`;
  }

  /** True if someone inside has refused, for example because the invite is used up. */
  #refused(): boolean {
    const { status, error } = this.#looking;
    return status === TaskStatus.ERROR && error instanceof MicrogridError && error.code === "peer-refused";
  }

  #closed({ grid }: Workspace, { reason }: Extract<Entrance, { kind: "closed" }>): TemplateResult {
    const { did, house } = grid.state.node;
    return html`<p class="warning" role="status">${reason}</p>
      <div>
        <p class="small muted">${house ? "The ID of your profile:" : "The ID of this device:"}</p>
        <mg-did .value=${house?.did ?? did}></mg-did>
      </div>`;
  }

  #consent({ grid }: Workspace, preview: RoomPreview | undefined): TemplateResult {
    return html`${visibleToMembers(grid.state.node)}
      <wa-input
        label="Your name in the room"
        name="name"
        maxlength=${MAX_NAME_CHARS}
        autocomplete="off"
        .value=${grid.identity.name}
      ></wa-input>
      <wa-switch hint=${shareHint(preview?.charter)}>${SHARE_LABEL}</wa-switch>`;
  }

  #inspect({ grid }: Workspace): InviteInfo | { readonly error: string } {
    try {
      return grid.rooms.inspect(this.invite);
    } catch (error) {
      return { error: errorText(error) };
    }
  }

  readonly #join = (): void => {
    const name = this.renderRoot.querySelector<Field>("wa-input[name=name]")?.value.trim() ?? "";
    // Guests often come by someone else's link on a phone, so sharing their device is off unless they choose it.
    const share = this.renderRoot.querySelector<Switch>("wa-switch")?.checked ?? false;
    void this.#joining.run([this.invite, name, share]);
  };

  readonly #hidden = (event: Event): void => {
    if (isOwn(event)) this.#answer(false);
  };

  #answer(joined: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    const answer: InviteAnswer = !joined ? "declined" : this.#entrance?.kind === "open" ? "inside" : "waiting";
    this.dispatchEvent(new CustomEvent("mg-answered", { detail: answer }));
  }
}

customElements.define("mg-room-preview", RoomPreviewView);
