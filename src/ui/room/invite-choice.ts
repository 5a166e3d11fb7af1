/** The invite of a room: that for several people, and a new one for each person who is invited alone. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { nameText } from "../../core";
import { INVITE_DAYS, type RoomState } from "../../grid";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import type { InviteCard } from "./invite-card";
import "./invite-card";
import "./invite-code";
import { inviteNote } from "./room-texts";

/**
 * `<mg-invite-choice .workspace .room>`. Code and link are for several people: the next person wants to scan the code on the screen, too,
 * and any member can let them in. “Invite one person” makes a link that works once. It needs this device, so it is made for each.
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
      .others {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
      }
    `,
  ];

  @property({ attribute: false }) room: RoomState | undefined;
  /** The invite for one person, while it is shown. */
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
    this.link = undefined;
  }

  protected override render(): TemplateResult {
    return this.link === undefined ? this.#several() : this.#one(this.link);
  }

  #several(): TemplateResult {
    const { room } = this;
    return html`<mg-invite-card
        .invite=${room?.invite ?? ""}
        .name=${nameText(room?.name ?? "")}
        .warning=${room?.inviteWarning ?? ""}
        .note=${room ? inviteNote(room) : ""}
        ><mg-invite-code .link=${room?.invite ?? ""} label="QR code of the invite link"></mg-invite-code
      ></mg-invite-card>
      <button class="button" aria-describedby="once" aria-busy=${this.#busy} @click=${this.#inviteOne}>
        Invite one person
      </button>
      <p class="muted small" id="once">Makes a link that works once, so that nobody else can use it later.</p>
      ${taskFailure(this.#making)}`;
  }

  #one(link: string): TemplateResult {
    const { room } = this;
    return html`<mg-invite-card
        label="Link for one person"
        .invite=${link}
        .name=${nameText(room?.name ?? "")}
        .warning=${room?.inviteWarning ?? ""}
        note="One person can use this link within ${INVITE_DAYS} days, while this device is in the room. It is not stored, so send it now."
        ><mg-invite-code .link=${link} label="QR code of the link for one person"></mg-invite-code
      ></mg-invite-card>
      <div class="others">
        <button class="link small" aria-busy=${this.#busy} @click=${this.#inviteOne}>Invite another person</button>
        <button class="link small" @click=${() => (this.link = undefined)}>Back to the link for several people</button>
      </div>
      ${taskFailure(this.#making)}`;
  }

  get #busy(): boolean {
    return this.#making.status === TaskStatus.PENDING;
  }

  /** The new link is handed on with the same press. */
  readonly #inviteOne = async (): Promise<void> => {
    if (this.#busy) return;
    await this.#making.run();
    await this.updateComplete;
    if (this.#making.status === TaskStatus.COMPLETE)
      this.renderRoot.querySelector<InviteCard>("mg-invite-card")?.offer();
  };
}
