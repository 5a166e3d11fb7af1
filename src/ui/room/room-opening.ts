/** Opens a room in a page of others: a name is enough, and the rules are the usual ones. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { GridApi } from "../../grid";
import { MAX_NAME_CHARS } from "../../grid/parts";
import { MicrogridElement } from "../element";
import { taskFailure } from "../failure";
import { fields, sections } from "../styles/shared";
import { SHARE_LABEL } from "./consent";
import "./kept-rooms";
import { OPENER_SHARE_HINT, ROOM_IDEA } from "./room-texts";

/** `<mg-room-opening .grid>`. Event: `mg-failed` (detail: the error, which is shown, too). */
@customElement("mg-room-opening")
export class RoomOpening extends MicrogridElement {
  static override readonly styles = [
    fields,
    sections,
    css`
      :host {
        display: block;
      }
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
        max-width: 30rem;
      }
      label.field {
        display: grid;
        gap: 0.25rem;
        font-size: 0.9375rem;
      }
      label.switch {
        display: flex;
        align-items: flex-start;
        gap: 0.5rem;
      }
      label.switch .small {
        display: block;
        line-height: 1.45;
      }
      input[type="checkbox"] {
        flex: none;
        width: 1.25rem;
        height: 1.25rem;
        margin: 0.125rem 0 0;
        accent-color: var(--mg-accent);
      }
      .button {
        justify-self: start;
      }
    `,
  ];

  @property({ attribute: false }) grid: GridApi | undefined;
  readonly #opening = new Task(this, {
    autoRun: false,
    task: async ([{ name, ownName, share }]: readonly [{ name: string; ownName: string; share: boolean }]) => {
      const { grid } = this;
      if (!grid) return;
      if (ownName !== "" && ownName !== grid.identity.name) await grid.identity.rename(ownName);
      const room = await grid.rooms.create({ name });
      if (share) await room.share({});
    },
    onError: (error) => void this.dispatchEvent(new CustomEvent("mg-failed", { detail: error })),
  });

  protected override render(): TemplateResult {
    const pending = this.#opening.status === TaskStatus.PENDING;
    return html`<mg-kept-rooms .grid=${this.grid}></mg-kept-rooms>
      <form aria-labelledby="open" @submit=${this.#submit}>
        <h3 id="open">Open a room</h3>
        <p class="muted small">${ROOM_IDEA}</p>
        <label class="field">
          Name of the room
          <input type="text" name="name" maxlength=${MAX_NAME_CHARS} autocomplete="off" required />
        </label>
        <label class="field">
          Your name in rooms
          <input
            type="text"
            name="own-name"
            maxlength=${MAX_NAME_CHARS}
            autocomplete="off"
            .value=${this.grid?.identity.name ?? ""}
          />
        </label>
        <label class="switch">
          <input type="checkbox" name="share" checked />
          <span>${SHARE_LABEL} <span class="muted small">${OPENER_SHARE_HINT}</span></span>
        </label>
        ${taskFailure(this.#opening)}
        <button class="button primary" type="submit" aria-busy=${pending}>Open the room</button>
      </form>`;
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => {
      const value = data.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    if (text("name") === "" || this.#opening.status === TaskStatus.PENDING) return;
    void this.#opening.run([{ name: text("name"), ownName: text("own-name"), share: data.has("share") }]);
  };
}
