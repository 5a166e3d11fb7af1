/** The room that this device is in, for elements in pages of others: people, invite and sharing, with native controls only. */
import { Task } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText } from "../../core";
import type { GridApi, Room, RoomState } from "../../grid";
import { tellApart } from "../people/avatar";
import "../people/did-view";
import { personStyles } from "../people/person";
import { qr } from "../carry/qr";
import { MicrogridElement } from "../element";
import { taskFailure } from "../failure";
import { loadedOffers } from "../state/models";
import { pausedText, workText } from "../state/serving";
import { sections } from "../styles/shared";
import { SHARE_LABEL } from "./consent";
import "./invite-card";
import "./knocks";
import "./peer-row";
import {
  NOBODY_ELSE,
  NO_MODEL_TO_SHARE,
  ONLY_OWNERS_INVITE,
  SHARE_HINT,
  inviteNote,
  nobodySharesText,
  signalingText,
  waitingText,
} from "./room-texts";
import { roomViewStyles } from "./room-view-styles";
import { selfRow, selfStyles } from "./self-row";

/**
 * `<mg-room-view .grid .room loads>`: `room` is the state of the grid's room, and `loads` says that sharing brings a model. The slot
 * is for the progress of that model. Event: `mg-failed` (detail: the error of an action, which is shown, too).
 */
@customElement("mg-room-view")
export class RoomView extends MicrogridElement {
  static override readonly styles = [sections, personStyles, selfStyles, roomViewStyles];

  @property({ attribute: false }) grid: GridApi | undefined;
  @property({ attribute: false }) room: RoomState | undefined;
  @property({ type: Boolean }) loads = false;
  readonly #acting = new Task(this, {
    autoRun: false,
    task: async ([action]: readonly [(room: Room) => Promise<void>]) => {
      const room = this.grid?.rooms.current;
      if (room) await action(room);
    },
    onError: (error) => void this.dispatchEvent(new CustomEvent("mg-failed", { detail: error })),
  });

  protected override render(): TemplateResult | typeof nothing {
    const { grid, room } = this;
    if (!grid || !room) return nothing;
    tellApart([grid.state.node.did, ...room.peers.map(({ did }) => did)]);
    const signaling = signalingText(room);
    return html`
      ${signaling === undefined ? nothing : html`<p class="warning" part="status" role="status">${signaling}</p>`}
      ${this.#waiting(room)}
      <mg-knocks .grid=${grid} .room=${room}></mg-knocks>
      ${this.#people(grid, room)} ${this.#sharing(grid, room)} ${this.#invite(room)}
    `;
  }

  #waiting({ membership: { kind } }: RoomState): TemplateResult | typeof nothing {
    if (kind === "member") return nothing;
    return html`<p class="waiting" part="status" role="status">
      <span class="pulse" aria-hidden="true"></span> <span>${waitingText(kind)}</span>
    </p>`;
  }

  #people({ state }: GridApi, room: RoomState): TemplateResult {
    const lonely = nobodySharesText(room);
    return html`<section part="people" aria-labelledby="here">
      <h3 id="here">Who is here (${room.peers.length + 1})</h3>
      <ul aria-labelledby="here">
        <li>${selfRow(state, room)}</li>
        ${repeat(
          room.peers,
          ({ id }) => id,
          (peer) =>
            html`<li aria-label=${nameText(peer.name)}>
              <mg-peer-row
                .peer=${peer}
                .admittedBy=${room.peers.find(({ did }) => did === peer.admittedBy[0])?.name}
              ></mg-peer-row>
            </li>`,
        )}
      </ul>
      ${room.peers.length > 0 ? nothing : html`<p class="muted small">${NOBODY_ELSE}</p>`}
      ${lonely === undefined ? nothing : html`<p class="muted small" role="status">${lonely}</p>`}
    </section>`;
  }

  #sharing({ state }: GridApi, room: RoomState): TemplateResult {
    const shared = room.share !== false;
    const paused = pausedText(room);
    return html`<section part="sharing" aria-labelledby="sharing">
      <h3 id="sharing">Sharing</h3>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          aria-describedby="meaning"
          .checked=${shared}
          @change=${(event: Event) => this.#share((event.target as HTMLInputElement).checked)}
        />
        ${SHARE_LABEL}
      </label>
      <p class="muted small" id="meaning">${SHARE_HINT}</p>
      ${paused === undefined ? nothing : html`<p class="warning" role="status">${paused}</p>`}
      ${shared ? html`<p class="muted small" role="status">${workText(state, room)}</p>` : nothing}
      ${
        shared && !this.loads && loadedOffers(state).length === 0
          ? html`<p class="muted small">${NO_MODEL_TO_SHARE}</p>`
          : nothing
      }
      <slot></slot>
      ${taskFailure(this.#acting)}
    </section>`;
  }

  #invite(room: RoomState): TemplateResult | typeof nothing {
    if (room.membership.kind !== "member") return nothing;
    const mayInvite = room.mayInvite && room.invite !== "";
    return html`<section part="invite" aria-labelledby="invite">
      <h3 id="invite">Invite</h3>
      ${
        mayInvite
          ? html`<mg-invite-card
                .invite=${room.invite}
                .name=${nameText(room.name)}
                .warning=${room.inviteWarning ?? ""}
                .note=${inviteNote(room)}
              ></mg-invite-card>
              <details>
                <summary>QR code</summary>
                ${qr(room.invite, "QR code of the invite link")}
              </details>`
          : html`<p class="muted small">${ONLY_OWNERS_INVITE}</p>`
      }
    </section>`;
  }

  #share(on: boolean): void {
    void this.#acting.run([(room) => room.share(on ? {} : false)]).finally(() => this.requestUpdate());
  }
}
