/** The panel of the room: membership, people, rules, invite, sharing and leaving. */
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText } from "../../core";
import type { MembershipState, RoomState } from "../../grid";
import { WorkspaceElement } from "../element";
import { icon, closeIcon, rulesIcon } from "../icons";
import type { Workspace } from "../state/workspace";
import { sections } from "../styles/shared";
import "./charter-dialog";
import { faces, facesStyles } from "./faces";
import "./hand-link";
import "./invite-choice";
import "./invite-limits";
import "./knocks";
import "./layers-consent";
import "./leave-room";
import "./open-room";
import "./proposals";
import "./share-settings";
import { panelStyles } from "./panel-styles";
import { ONLY_OWNERS_INVITE, signalingText, waitingText } from "./room-texts";
import "./running-together";
import "./who-is-here";

/** `<mg-room-panel .workspace>`. */
@customElement("mg-room-panel")
export class RoomPanel extends WorkspaceElement {
  static override readonly styles = [sections, facesStyles, panelStyles];

  #shownRoom: string | undefined;
  /** Whether the invite is on top, as for a person who is alone. It stays there while people scan it one after the other. */
  #inviteFirst = false;

  protected override willUpdate(): void {
    const room = this.workspace?.grid.state.room;
    if (room?.id === this.#shownRoom) return;
    // A guest who waits to be let in sees nobody yet, and is not alone inside.
    this.#inviteFirst = room?.peers.length === 0 && room.membership.kind === "member";
  }

  // The form before it may be scrolled down, so show a new room from its top.
  protected override updated(): void {
    const id = this.workspace?.grid.state.room?.id;
    if (id !== this.#shownRoom && this.parentElement) this.parentElement.scrollTop = 0;
    this.#shownRoom = id;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { workspace } = this;
    if (!workspace) return nothing;
    const { room } = workspace.grid.state;
    return html`
      <header>
        <h2><bdi>${room ? nameText(room.name) : "Room"}</bdi></h2>
        <span class="tools">
          ${
            room?.charter
              ? html`<button class="button" @click=${() => workspace.show({ dialog: "rules" })}>
                  ${icon(rulesIcon, 16)} Rules
                </button>`
              : nothing
          }
          <button class="icon-button" aria-label="Close panel" @click=${() => workspace.closePanel()}>
            ${icon(closeIcon)}
          </button>
        </span>
      </header>
      ${room ? this.#room(workspace, room) : html`<mg-open-room .workspace=${workspace}></mg-open-room>`}
    `;
  }

  #room(workspace: Workspace, room: RoomState): TemplateResult {
    const inside = room.membership.kind === "member";
    const signaling = signalingText(room);
    const here = {
      key: "here",
      content: html`<mg-who-is-here class="section" .workspace=${workspace}></mg-who-is-here>`,
    };
    const invite = { key: "invite", content: this.#invite(workspace, room) };
    // `repeat` moves the sections, so typed text stays in them.
    const order = !inside ? [invite] : this.#inviteFirst ? [invite, here] : [here, invite];
    return html`
      ${signaling === undefined ? nothing : html`<p class="warning banner" role="status">${signaling}</p>`}
      ${this.#waiting(workspace, room.membership)}
      <mg-knocks .grid=${workspace.grid} .room=${room}></mg-knocks>
      <mg-layers-consent .workspace=${workspace}></mg-layers-consent>
      <mg-proposals .workspace=${workspace}></mg-proposals>
      <mg-running-together .workspace=${workspace}></mg-running-together>
      ${repeat(
        order,
        ({ key }) => key,
        ({ content }) => content,
      )}
      <section class="section" aria-labelledby="sharing">
        <h3 id="sharing">Sharing</h3>
        <mg-share-settings .workspace=${workspace}></mg-share-settings>
      </section>
      ${
        inside
          ? html`<section class="section"><mg-leave-room .workspace=${workspace}></mg-leave-room></section>`
          : nothing
      }
      ${
        workspace.dialog === "rules"
          ? html`<mg-charter-dialog
              .workspace=${workspace}
              @mg-closed=${() => workspace.show({ dialog: undefined })}
            ></mg-charter-dialog>`
          : nothing
      }
    `;
  }

  #waiting({ leaving }: Workspace, { kind }: MembershipState): TemplateResult | typeof nothing {
    if (kind === "member") return nothing;
    const { state } = leaving;
    return html`<div class="waiting">
      <p role="status">
        <span class="pulse" aria-hidden="true"></span>
        <span>${waitingText(kind)}</span>
      </p>
      ${state.kind === "failed" ? html`<p class="error" role="alert">${state.text}</p>` : nothing}
      <button class="button" @click=${() => leaving.leave()}>Cancel</button>
    </div>`;
  }

  #invite(workspace: Workspace, room: RoomState): TemplateResult {
    const inside = room.membership.kind === "member";
    return html`<section class="section" aria-labelledby="invite">
      ${inside && this.#inviteFirst ? faces(workspace.grid.state, room) : nothing}
      <h3 id="invite">${inside ? "Invite" : "Another way to join"}</h3>
      ${this.#link(workspace, room)}
      ${room.lanOnly ? html`<p class="muted small">Only devices on the same network can join.</p>` : nothing}
      <mg-hand-link .workspace=${workspace}></mg-hand-link>
    </section>`;
  }

  #link(workspace: Workspace, room: RoomState): TemplateResult | typeof nothing {
    if (room.membership.kind !== "member") return nothing;
    if (room.invite === "" || !room.mayInvite) return html`<p class="muted small">${ONLY_OWNERS_INVITE}</p>`;
    if (room.signaling === "unreachable" && room.peers.length === 0) return nothing;
    return html`<mg-invite-choice .workspace=${workspace} .room=${room}></mg-invite-choice>
      <mg-invite-limits .workspace=${workspace}></mg-invite-limits>
      ${this.#owner(workspace, room)}`;
  }

  /** Offers a profile to a person whose room depends on this one device. */
  #owner(workspace: Workspace, { charter }: RoomState): TemplateResult | typeof nothing {
    const { did, house } = workspace.grid.state.node;
    if (house || String(charter?.founders) !== did) return nothing;
    return html`<p class="muted small">
      Only this device can manage this room.
      <button class="link" @click=${() => workspace.show({ dialog: "profile" })}>Create a profile</button> so that all
      your devices can manage the rooms that you open next.
    </p>`;
  }
}
