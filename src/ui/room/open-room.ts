/** Opens a new room under the user's own rules, or joins one with a link. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { nameText } from "../../core";
import { MAX_NAME_CHARS } from "../../grid";
import type { DraftedCharter } from "../charter/draft";
import "../charter/form";
import "../controls";
import { WorkspaceElement } from "../element";
import { errorText, taskFailure } from "../failure";
import { go } from "../routes";
import { sections } from "../styles/shared";
import { SHARE_LABEL } from "./consent";
import "./kept-rooms";
import { OPENER_SHARE_HINT, ROOM_IDEA } from "./room-texts";

interface Field extends HTMLElement {
  value: string;
}
interface Switch extends HTMLElement {
  checked: boolean;
}

/** `<mg-open-room .workspace>`. */
@customElement("mg-open-room")
export class OpenRoom extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: block;
      }
      mg-charter-form,
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
      .slotted {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
      }
    `,
  ];

  readonly #opening = new Task(this, {
    autoRun: false,
    task: async ([{ terms, founders, quorum }, ownName, share]: readonly [DraftedCharter, string, boolean]) => {
      const grid = this.workspace?.grid;
      if (!grid) return;
      if (ownName !== "" && ownName !== grid.identity.name) await grid.identity.rename(ownName);
      const { name, ...charter } = terms;
      const room = await grid.rooms.create({ name, charter: { ...charter, founders, quorum } });
      if (share) await room.share({});
    },
  });
  #linkError = "";

  protected override render(): TemplateResult {
    return html`
      <mg-kept-rooms .grid=${this.workspace?.grid} .restores=${this.workspace?.restores}></mg-kept-rooms>
      <section aria-labelledby="open">
        <h3 id="open">Open a room</h3>
        <p class="muted small">${ROOM_IDEA}</p>
        <mg-charter-form
          submit-label="Open the room"
          .models=${this.workspace?.grid.state.models ?? []}
          .busy=${this.#opening.status === TaskStatus.PENDING}
          @mg-charter=${this.#open}
        >
          <div class="slotted">
            <wa-input
              label="Your name in rooms"
              name="own-name"
              maxlength=${MAX_NAME_CHARS}
              autocomplete="off"
              .value=${this.workspace?.grid.identity.name ?? ""}
            ></wa-input>
            <wa-switch checked hint=${OPENER_SHARE_HINT}>${SHARE_LABEL}</wa-switch>
          </div>
          <div slot="advanced">${this.#owner()}</div>
        </mg-charter-form>
        ${taskFailure(this.#opening)}
      </section>
      <section aria-labelledby="join">
        <h3 id="join">Join a room</h3>
        <form @submit=${this.#join}>
          <wa-input
            label="Link you were sent"
            name="link"
            autocomplete="off"
            placeholder="https://…/#/join/…"
            required
          ></wa-input>
          <button class="button" type="submit">Open invite</button>
        </form>
        ${this.#linkError === "" ? nothing : html`<p class="error" role="alert">${this.#linkError}</p>`}
      </section>
    `;
  }

  #owner(): TemplateResult {
    const house = this.workspace?.grid.state.node.house;
    // A device without the key of its house cannot found a room in the name of the house.
    if (house?.keyHere) {
      return html`<p class="muted small">
        Your profile, <bdi>${nameText(house.name)}</bdi>, will own the room: those of its devices that may act as an
        owner can change the rules and remove members.
      </p>`;
    }
    return html`<p class="muted small">
      Only this device will be able to change the rules and remove
      members.${house ? " Your profile is managed on another device; open the room there to own it with all your devices." : nothing}
    </p>`;
  }

  readonly #open = ({ detail }: CustomEvent<DraftedCharter>): void => {
    // People open a room in order to share, so the switch is on by default, above the button that opens the room.
    const share = this.renderRoot.querySelector<Switch>("wa-switch")?.checked ?? false;
    void this.#opening.run([detail, this.#value("own-name"), share]);
  };

  readonly #join = (event: Event): void => {
    event.preventDefault();
    try {
      const invite = this.workspace?.grid.rooms.inspect(this.#value("link"));
      this.#linkError = "";
      if (invite) go(new URL(invite.link).hash);
    } catch (error) {
      this.#linkError = errorText(error);
    }
    this.requestUpdate();
  };

  #value(name: string): string {
    return this.renderRoot.querySelector<Field>(`wa-input[name=${name}]`)?.value.trim() ?? "";
  }
}
