/** Lists the rooms that this node can enter again without an invite. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText } from "../../core";
import type { GridApi } from "../../grid";
import { MicrogridElement } from "../element";
import { taskFailure } from "../failure";
import { icon, trashIcon } from "../icons";
import { sections } from "../styles/shared";
import { personName, personStyles } from "../people/person";

/** `<mg-kept-rooms .grid .restores>`: empty if there are none. */
@customElement("mg-kept-rooms")
export class KeptRooms extends MicrogridElement {
  static override readonly styles = [
    sections,
    personStyles,
    css`
      :host {
        display: block;
      }
      section {
        margin-bottom: 1.5rem;
        padding-bottom: 1.5rem;
        border-bottom: 1px solid var(--mg-border);
      }
      ul {
        display: grid;
        gap: 0.5rem;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        gap: 0.5rem;
        line-height: 1.4;
      }
    `,
  ];

  @property({ attribute: false }) grid: GridApi | undefined;
  /** Changes with every import of a file, which may add rooms while the list is open. */
  @property({ attribute: false }) restores: unknown;
  readonly #rooms = new Task(this, {
    args: () => [this.grid, this.restores] as const,
    task: async ([grid]) => (await grid?.rooms.kept()) ?? [],
  });
  readonly #entering = new Task(this, {
    autoRun: false,
    task: async ([id]: readonly [string]) => {
      await this.grid?.rooms.enter(id);
    },
  });
  readonly #forgetting = new Task(this, {
    autoRun: false,
    task: async ([id]: readonly [string]) => {
      await this.grid?.rooms.forget(id);
      await this.#rooms.run();
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const rooms = this.#rooms.value ?? [];
    if (rooms.length === 0) return nothing;
    return html`<section aria-labelledby="kept">
      <h3 id="kept">Your rooms</h3>
      <ul aria-label="Your rooms">
        ${repeat(
          rooms,
          ({ id }) => id,
          ({ id, name }) =>
            html`<li>
              <span class="grow">${personName(name)}</span>
              <button class="button" aria-label="Enter ${nameText(name)}" @click=${() => void this.#entering.run([id])}>
                Enter
              </button>
              <button
                class="icon-button small"
                aria-label="Forget ${nameText(name)}"
                title="Forget this room; you need an invite to come back"
                @click=${() => void this.#forgetting.run([id])}
              >
                ${icon(trashIcon, 16)}
              </button>
            </li>`,
        )}
      </ul>
      ${taskFailure(this.#entering)} ${taskFailure(this.#forgetting)}
    </section>`;
  }
}
