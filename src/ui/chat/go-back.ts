/** Offers the way back into the room that was open when the page was closed. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { plain } from "../../core";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { icon, peopleIcon } from "../icons";
import { sections } from "../styles/shared";

/** `<mg-go-back .workspace>`: empty if there is no such room. */
@customElement("mg-go-back")
export class GoBack extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: block;
      }
      .offer {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: center;
        gap: 0.5rem 0.75rem;
      }
      bdi {
        overflow-wrap: anywhere;
      }
    `,
  ];

  readonly #entering = new Task(this, {
    autoRun: false,
    task: async ([id]: readonly [string]) => {
      await this.workspace?.grid.rooms.enter(id);
      this.workspace?.show({ panel: "room" });
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const { returnTo, room } = this.workspace?.grid.state ?? {};
    if (!returnTo || room) return nothing;
    return html`<div class="offer">
        <span>You were in <bdi>${plain(returnTo.name) || "a room"}</bdi>.</span>
        <button class="button" @click=${() => void this.#entering.run([returnTo.id])}>
          ${icon(peopleIcon, 16)} Go back
        </button>
      </div>
      ${taskFailure(this.#entering)}`;
  }
}
