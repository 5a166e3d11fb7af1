/** Lists the people in the room, and says what it means if nobody shares a device. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText } from "../../core";
import type { PeerState } from "../../grid";
import { WorkspaceElement } from "../element";
import { sections } from "../styles/shared";
import "./peer-row";
import { personStyles } from "../people/person";
import "./remove-dialog";
import { NOBODY_ELSE, nobodySharesText } from "./room-texts";
import { selfRow, selfStyles } from "./self-row";

/** `<mg-who-is-here .workspace>`. */
@customElement("mg-who-is-here")
export class WhoIsHere extends WorkspaceElement {
  static override readonly styles = [
    sections,
    personStyles,
    selfStyles,
    css`
      :host {
        display: block;
      }
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li + li {
        border-top: 1px solid var(--mg-border);
      }
    `,
  ];

  /** The peer that the user is about to remove. */
  @state() private removing: PeerState | undefined;

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    const state = workspace?.grid.state;
    const room = state?.room;
    if (!workspace || !state || !room) return nothing;
    const lonely = nobodySharesText(room);
    const mayRemove = room.membership.kind === "member" && room.membership.founder;
    return html`<section aria-labelledby="here">
        <h3 id="here">Who is here (${room.peers.length + 1})</h3>
        <ul aria-label="Who is here">
          <li>
            ${selfRow(
              state,
              room,
              html`<button class="link small" @click=${() => workspace.show({ dialog: "settings" })}>Rename</button>`,
            )}
          </li>
          ${repeat(
            room.peers,
            (peer) => peer.id,
            (peer) =>
              html`<li aria-label=${nameText(peer.name)}>
                <mg-peer-row
                  .peer=${peer}
                  .admittedBy=${room.peers.find(({ did }) => did === peer.admittedBy[0])?.name}
                  ?removable=${mayRemove}
                  @mg-remove=${() => (this.removing = peer)}
                ></mg-peer-row>
              </li>`,
          )}
        </ul>
        ${room.peers.length > 0 ? nothing : html`<p class="muted small">${NOBODY_ELSE}</p>`}
        ${lonely === undefined ? nothing : html`<p class="small muted" role="status">${lonely}</p>`}
        ${
          state.policy.privacy === "device" && room.peers.length > 0
            ? html`<p class="small muted">
                Your chats stay on this device, as you chose.
                <button class="link" @click=${() => workspace.grid.setPolicy({ privacy: "room" })}>
                  Let the room answer
                </button>
              </p>`
            : nothing
        }
      </section>
      ${
        this.removing
          ? html`<mg-remove-dialog
              .workspace=${workspace}
              .peer=${this.removing}
              @mg-closed=${() => (this.removing = undefined)}
            ></mg-remove-dialog>`
          : nothing
      }`;
  }
}
