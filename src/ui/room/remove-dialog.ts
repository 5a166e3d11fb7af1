/** Explains what removing a member does, and asks for confirmation. */
import { Task, TaskStatus } from "@lit/task";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { quotedName } from "../../core";
import type { PeerState, RoomState } from "../../grid";
import { isOwn } from "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import { avatar } from "../people/avatar";
import { letInText } from "./let-in";
import { houseMark, personName, personStyles } from "../people/person";

/** `<mg-remove-dialog .workspace .peer>`. Event: `mg-closed`. */
@customElement("mg-remove-dialog")
export class RemoveDialog extends WorkspaceElement {
  static override readonly styles = [sections, personStyles];

  @property({ attribute: false }) peer: PeerState | undefined;
  readonly #removing = new Task(this, {
    autoRun: false,
    task: async ([did, keep]: readonly [string, readonly string[]]) => {
      await this.workspace?.grid.rooms.current?.remove(did, { keep });
      this.#close();
    },
  });
  /** Dids of those who stay although the removed person let them in. */
  @state() private keep: readonly string[] = [];

  protected override render(): TemplateResult | typeof nothing {
    const { peer } = this;
    const room = this.workspace?.grid.state.room;
    if (!peer || !room) return nothing;
    const guests = room.peers.filter(({ admittedBy }) => admittedBy.includes(peer.did));
    return html`<wa-dialog
      label="Remove ${quotedName(peer.name)}?"
      open
      @wa-after-hide=${(event: Event) => {
        if (isOwn(event)) this.#close();
      }}
    >
      <section>
        <div class="row">
          ${avatar(peer.did)}
          <div class="grow"><strong>${personName(peer.name)}</strong> ${houseMark(peer.house)}</div>
        </div>
        <p>
          ${quotedName(peer.name)} can’t rejoin or see anything new. Existing invite links stop working.
          ${guests.length === 0 ? "Everyone else stays in the room." : ""}
        </p>
        ${guests.length === 0 ? nothing : this.#guests(peer, guests, room.peers)}
        <p class="muted small">${caveat(room)}</p>
        ${taskFailure(this.#removing)}
      </section>
      <button class="button plain" type="button" slot="footer" @click=${() => this.#close()}>Cancel</button>
      <button
        class="button danger"
        type="button"
        slot="footer"
        aria-busy=${this.#removing.status === TaskStatus.PENDING}
        @click=${() => void this.#removing.run([peer.did, this.keep])}
      >
        ${(room.charter?.quorum ?? 1) > 1 ? "Propose to remove" : "Remove"}
      </button>
    </wa-dialog>`;
  }

  #guests(peer: PeerState, guests: readonly PeerState[], all: readonly PeerState[]): TemplateResult {
    const nameOf = (did: string | undefined): string => all.find((each) => each.did === did)?.name ?? "";
    const nearest = ({ admittedBy }: PeerState): string | undefined => admittedBy[0];
    return html`<fieldset>
      <legend>
        ${quotedName(peer.name)} let these people in, and they leave with ${quotedName(peer.name)}. Tick those who stay:
      </legend>
      ${guests.map(
        (guest) =>
          html`<label class="row">
            <input
              type="checkbox"
              .checked=${this.keep.includes(guest.did)}
              @change=${(event: Event) => this.#toggle(guest.did, (event.target as HTMLInputElement).checked)}
            />
            ${personName(guest.name)} ${houseMark(guest.house)}
            <span class="muted"
              >${letInText(guest, nearest(guest) === peer.did ? undefined : nameOf(nearest(guest)))}</span
            >
          </label>`,
      )}
    </fieldset>`;
  }

  #toggle(did: string, keep: boolean): void {
    this.keep = keep ? [...this.keep, did] : this.keep.filter((each) => each !== did);
  }

  #close(): void {
    this.keep = [];
    this.dispatchEvent(new CustomEvent("mg-closed"));
  }
}

/** Explains the limits of a removal. */
function caveat({ charter }: RoomState): string {
  const kept = "Nobody can take back what was read already.";
  if (charter && charter.quorum > 1)
    return `${kept} ${charter.quorum} of ${charter.founders.length} owners must agree before it takes effect.`;
  return charter?.admission.kind === "invite"
    ? `${kept} Somebody who gets a new invite can come back under another name.`
    : kept;
}
