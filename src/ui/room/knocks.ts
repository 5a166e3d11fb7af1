/** Lists the people who ask to join, with buttons to admit or decline them. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { nameText, plain } from "../../core";
import type { GridApi, Knock, Room, RoomState } from "../../grid";
import { MicrogridElement } from "../element";
import { taskFailure } from "../failure";
import { sections } from "../styles/shared";
import { avatar } from "../people/avatar";
import { houseMark, personName, personStyles, shortDid } from "../people/person";

/** `<mg-knocks .grid .room>`. */
@customElement("mg-knocks")
export class Knocks extends MicrogridElement {
  static override readonly styles = [
    sections,
    personStyles,
    css`
      :host {
        display: block;
        margin-bottom: 1.25rem;
        padding: 0.875rem;
        border: 1px solid var(--mg-accent);
        border-radius: var(--mg-radius);
        background: var(--mg-accent-soft);
      }
      ul {
        display: grid;
        gap: 0.875rem;
        margin: 0.625rem 0 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        gap: 0.75rem;
        min-width: 0;
        line-height: 1.45;
      }
      .body {
        flex: 1;
        min-width: 0;
      }
      code {
        font: 0.75rem var(--mg-mono);
      }
      .answers {
        display: flex;
        gap: 0.5rem;
        margin-top: 0.375rem;
      }
    `,
  ];

  @property({ attribute: false }) grid: GridApi | undefined;
  @property({ attribute: false }) room: RoomState | undefined;
  readonly #answering = new Task(this, {
    autoRun: false,
    task: async ([answer]: readonly [(room: Room) => Promise<void>]) => {
      const room = this.grid?.rooms.current;
      if (room) await answer(room);
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const knocks = this.room?.knocks ?? [];
    this.hidden = knocks.length === 0;
    if (knocks.length === 0) return nothing;
    return html`<h3>${knocks.length === 1 ? "Someone asks to join" : `${knocks.length} people ask to join`}</h3>
      <ul aria-label="People asking to join">
        ${repeat(
          knocks,
          ({ did }) => did,
          (knock) => this.#row(knock),
        )}
      </ul>
      ${taskFailure(this.#answering)}`;
  }

  #row(knock: Knock): TemplateResult {
    const { did, name, device, house } = knock;
    const busy = this.#answering.status === TaskStatus.PENDING;
    return html`<li>
      ${avatar(did)}
      <div class="body">
        <strong>${personName(name)}</strong> ${houseMark(house)}
        <div class="muted small"><bdi>${plain(device)}</bdi> · <code>${shortDid(did)}</code></div>
        <div class="answers">
          <button
            class="button primary"
            aria-label="Admit ${nameText(name)}"
            aria-busy=${busy}
            @click=${() => this.#answer((room) => room.admit(did))}
          >
            Admit
          </button>
          <button
            class="button"
            aria-label="Decline ${nameText(name)}"
            aria-busy=${busy}
            @click=${() => this.#answer((room) => room.decline(did))}
          >
            Decline
          </button>
        </div>
      </div>
    </li>`;
  }

  /** One answer at a time. The buttons are not disabled meanwhile: a keyboard user would lose the focus. */
  #answer(answer: (room: Room) => Promise<void>): void {
    if (this.#answering.status !== TaskStatus.PENDING) void this.#answering.run([answer]);
  }
}
