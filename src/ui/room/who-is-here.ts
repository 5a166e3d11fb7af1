/** Lists the people in the room, and says what it means if nobody shares a device. */
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText } from "../../core";
import type { GridState, PeerState, RoomState } from "../../grid";
import { WorkspaceElement } from "../element";
import { gpuName } from "../state/device";
import { loadedOffers } from "../state/models";
import { sections } from "../styles/shared";
import { avatar } from "../people/avatar";
import "./peer-row";
import { founderMark, houseMark, personName, personStyles } from "../people/person";
import "./remove-dialog";

/** `<mg-who-is-here .workspace>`. */
@customElement("mg-who-is-here")
export class WhoIsHere extends WorkspaceElement {
  static override readonly styles = [
    sections,
    personStyles,
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
      .self {
        display: flex;
        gap: 0.75rem;
        padding: 0.625rem 0;
        line-height: 1.45;
      }
      .self strong {
        font-size: 0.9375rem;
        font-weight: 550;
      }
      .self .link {
        align-self: start;
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
    const mayRemove = room.membership.kind === "member" && room.membership.founder;
    return html`<section aria-labelledby="here">
        <h3 id="here">Who is here (${room.peers.length + 1})</h3>
        <ul aria-label="Who is here">
          <li>${this.#self(state, room)}</li>
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
        ${
          room.peers.length > 0
            ? nothing
            : html`<p class="muted small">Nobody else yet. People who join with the invite appear here.</p>`
        }
        ${nobodyShares(room) ? html`<p class="small muted" role="status">${lonely(room)}</p>` : nothing}
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

  #self(state: GridState, { membership }: RoomState): TemplateResult {
    const { node, device } = state;
    const ready = loadedOffers(state).map((offer) => offer.name || offer.model);
    const founder = membership.kind === "member" && membership.founder;
    return html`<div class="self">
      ${avatar(node.did)}
      <div class="grow">
        <strong>${personName(node.name)}</strong> <span class="muted small">(you)</span>
        <div>${houseMark(node.house)} ${founderMark(founder)}</div>
        <div class="muted small">${[device.label, device.webgpu ? gpuName(device.webgpu) : "no GPU"].join(" · ")}</div>
        <div class="small">${ready.length > 0 ? ready.join(", ") : "no model loaded"}</div>
      </div>
      <button class="link small" @click=${() => this.workspace?.show({ dialog: "settings" })}>Rename</button>
    </div>`;
  }
}

function nobodyShares(room: RoomState): boolean {
  return room.share === false && !room.peers.some(({ sharing }) => sharing);
}

function lonely(room: RoomState): string {
  const then = "so each device answers only for itself. Turn on “Share this device” to answer for the others.";
  return room.peers.length === 0 ? `You do not share this device, ${then}` : `Nobody shares a device, ${then}`;
}
