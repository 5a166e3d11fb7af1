/** The invite of a room: for several people, or for one. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { nameText } from "../../core";
import { INVITE_DAYS, type RoomState } from "../../grid";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import "./invite-card";
import "./invite-code";
import { inviteNote } from "./room-texts";

/**
 * `<mg-invite-choice .workspace .room>`. It begins with the invite for several people: the next person wants to scan the code on the
 * screen, too, and any member can let them in. An invite for one needs this device, and is made when somebody asks for it.
 */
@customElement("mg-invite-choice")
export class InviteChoice extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        margin: 0;
        padding: 0;
        border: 0;
        font-size: 0.875rem;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 0.375rem;
        min-height: 2rem;
        cursor: pointer;
      }
      input {
        margin: 0;
        accent-color: var(--mg-accent);
      }
    `,
  ];

  @property({ attribute: false }) room: RoomState | undefined;
  @state() private forOne = false;
  /** The invite for one person. */
  @state() private link: string | undefined;
  readonly #making = new Task(this, {
    autoRun: false,
    task: async () => {
      this.link = await this.workspace?.grid.rooms.current?.makeInvite({ uses: 1 });
    },
  });

  // Another room has other invites, and those of an earlier epoch have ended.
  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("room");
    if (!before || (before.id === this.room?.id && before.epoch === this.room.epoch)) return;
    this.forOne = false;
    this.link = undefined;
  }

  protected override render(): TemplateResult {
    return html`<fieldset>
        <legend class="visually-hidden">People who can use the invite</legend>
        <label>
          <input type="radio" name="for" .checked=${!this.forOne} @change=${() => (this.forOne = false)} />
          For several people
        </label>
        <label>
          <input type="radio" name="for" .checked=${this.forOne} @change=${() => this.#chooseOne()} />
          For one person
        </label>
      </fieldset>
      ${this.forOne ? this.#one() : this.#several()}`;
  }

  #several(): TemplateResult {
    const { room } = this;
    return html`<mg-invite-card
      .invite=${room?.invite ?? ""}
      .name=${nameText(room?.name ?? "")}
      .warning=${room?.inviteWarning ?? ""}
      .note=${room ? inviteNote(room) : ""}
      ><mg-invite-code .link=${room?.invite ?? ""} label="QR code of the invite link"></mg-invite-code
    ></mg-invite-card>`;
  }

  #one(): TemplateResult {
    const { link, room } = this;
    if (link === undefined) return html`${taskFailure(this.#making)}`;
    return html`<mg-invite-card
        label="Link for one person"
        .invite=${link}
        .name=${nameText(room?.name ?? "")}
        .warning=${room?.inviteWarning ?? ""}
        note="One person can use this link within ${INVITE_DAYS} days, while this device is in the room. It is not stored, so copy it now."
        ><mg-invite-code .link=${link} label="QR code of the link for one person"></mg-invite-code
      ></mg-invite-card>
      <div>
        <button
          class="link small"
          aria-busy=${this.#making.status === TaskStatus.PENDING}
          @click=${() => void this.#making.run()}
        >
          Make a link for another person
        </button>
      </div>
      ${taskFailure(this.#making)}`;
  }

  #chooseOne(): void {
    this.forOne = true;
    if (this.link === undefined) void this.#making.run();
  }
}
