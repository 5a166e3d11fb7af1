/** The panel of the room: who is here, the invite, sharing, leaving. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { GridState, RoomState } from "../../grid";
import { isOwn } from "../controls";
import { icon } from "../icons";
import { WorkspaceController } from "../state/controller";
import { gpuName } from "../state/device";
import { localOffers } from "../state/models";
import type { Workspace } from "../state/workspace";
import { base, buttons, sections } from "../styles/shared";
import { avatar } from "./avatar";
import "./hand-link";
import "./invite-card";
import "./open-room";
import "./peer-row";
import "./share-settings";

/** `<mg-room-panel .workspace>`. */
@customElement("mg-room-panel")
export class RoomPanel extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    sections,
    css`
      :host {
        display: block;
        padding: 0.75rem 1.25rem 1.5rem;
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 0.5rem;
        min-height: 2.5rem;
        margin-bottom: 1rem;
      }
      h2 {
        font-size: 1.0625rem;
        font-weight: 620;
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      .banner {
        margin-bottom: 1rem;
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
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;
  @state() private leaving = false;

  constructor() {
    super();
    new WorkspaceController(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const { state } = workspace.grid;
    return html`
      <header>
        <h2>${state.room?.name ?? "Room"}</h2>
        <button class="icon-button" aria-label="Close panel" @click=${() => workspace.closePanel()}>
          ${icon("close")}
        </button>
      </header>
      ${state.room ? this.#room(workspace, state, state.room) : html`<mg-open-room .workspace=${workspace}></mg-open-room>`}
    `;
  }

  #room(workspace: Workspace, state: GridState, room: RoomState): TemplateResult {
    const here = { key: "here", content: this.#here(workspace, state, room) };
    const invite = { key: "invite", content: this.#invite(workspace, room) };
    // While nobody else is here, the invite is what one came for. Sections are moved, not made anew: texts stay in them.
    const first = room.peers.length === 0 ? [invite, here] : [here, invite];
    return html`
      ${room.signaling === "connected" ? nothing : html`<p class="warning banner" role="status">${signalingText(room)}</p>`}
      ${repeat(
        first,
        ({ key }) => key,
        ({ content }) => content,
      )}
      <section aria-labelledby="sharing">
        <h3 id="sharing">Sharing</h3>
        <mg-share-settings .workspace=${workspace}></mg-share-settings>
      </section>
      <section>
        <wa-button appearance="outlined" variant="danger" @click=${() => (this.leaving = true)}
          >Leave the room</wa-button
        >
      </section>
      <wa-dialog label="Leave “${room.name}”?" ?open=${this.leaving} light-dismiss @wa-after-hide=${this.#stay}>
        <p>Answers that peers are giving you now go on elsewhere or stop. You need the invite to come back.</p>
        <wa-button slot="footer" appearance="plain" @click=${() => (this.leaving = false)}>Stay</wa-button>
        <wa-button slot="footer" variant="danger" @click=${this.#leave}>Leave</wa-button>
      </wa-dialog>
    `;
  }

  #here(workspace: Workspace, state: GridState, room: RoomState): TemplateResult {
    return html`<section aria-labelledby="here">
      <h3 id="here">Who is here (${room.peers.length + 1})</h3>
      <ul aria-label="Who is here">
        <li>${this.#self(state)}</li>
        ${repeat(
          room.peers,
          (peer) => peer.id,
          (peer) => html`<li aria-label=${peer.name}><mg-peer-row .peer=${peer}></mg-peer-row></li>`,
        )}
      </ul>
      ${
        room.peers.length > 0
          ? nothing
          : html`<p class="muted small">Nobody else yet. Whoever opens the invite appears here.</p>`
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
    </section>`;
  }

  #invite(workspace: Workspace, room: RoomState): TemplateResult {
    return html`<section aria-labelledby="invite">
      <h3 id="invite">Invite</h3>
      <mg-invite-card .invite=${room.invite} .name=${room.name} .warning=${room.inviteWarning ?? ""}></mg-invite-card>
      ${
        room.lanOnly
          ? html`<p class="muted small">No relay is configured, so only devices on the same network can be reached.</p>`
          : nothing
      }
      <mg-hand-link .workspace=${workspace}></mg-hand-link>
    </section>`;
  }

  #self(state: GridState): TemplateResult {
    const { node, device } = state;
    const ready = localOffers(state).map((offer) => offer.name || offer.model);
    return html`<div class="self">
      ${avatar(node.did, node.name)}
      <div class="grow">
        <strong>${node.name}</strong> <span class="muted small">(you)</span>
        <div class="muted small">${[device.label, device.webgpu ? gpuName(device.webgpu) : "no GPU"].join(" · ")}</div>
        <div class="small">${ready.length > 0 ? ready.join(", ") : "no model loaded"}</div>
      </div>
      <button class="link small" @click=${() => this.workspace?.show({ dialog: "settings" })}>Rename</button>
    </div>`;
  }

  readonly #stay = (event: Event): void => {
    if (isOwn(event)) this.leaving = false;
  };

  readonly #leave = (): void => {
    this.leaving = false;
    void this.workspace?.grid.rooms.current?.leave();
  };
}

function signalingText({ signaling, peers }: RoomState): string {
  const line =
    signaling === "connecting"
      ? "Connecting to the signaling server"
      : "The signaling server is out of reach; trying again";
  return peers.length > 0
    ? `${line}. Links to people who are here stay; newcomers have to wait.`
    : `${line}. Until then nobody can be found.`;
}

function nobodyShares(room: RoomState): boolean {
  return room.share === false && !room.peers.some(({ sharing }) => sharing);
}

function lonely(room: RoomState): string {
  const then = "so each device answers for itself. Switch on “Share this device” to answer for the others.";
  return room.peers.length === 0 ? `You do not share this device, ${then}` : `Nobody shares a device, ${then}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-room-panel": RoomPanel;
  }
}
