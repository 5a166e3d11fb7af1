/** Asks whether this device may hold layers of a larger model for others in the room. */
import { Task, TaskStatus } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { quoted } from "../../core";
import { type LayersWish, type Room, spareBytes } from "../../grid";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import { modelName } from "../state/models";
import { sections } from "../styles/shared";
import { namesText } from "../pipelines/words";
import { avatar } from "../people/avatar";
import { memoryRange } from "./layers-memory";
import { personStyles } from "../people/person";

/** `<mg-layers-consent .workspace>`. Asks once; the answer applies until the user changes it under “Sharing”. */
@customElement("mg-layers-consent")
export class LayersConsent extends WorkspaceElement {
  static override readonly styles = [
    sections,
    personStyles,
    css`
      :host {
        display: grid;
        gap: 0.625rem;
        margin-bottom: 1.25rem;
        padding: 0.875rem;
        border: 1px solid var(--mg-accent);
        border-radius: var(--mg-radius);
        background: var(--mg-accent-soft);
        line-height: 1.5;
      }
      .who {
        display: flex;
        align-items: flex-start;
        gap: 0.75rem;
      }
      .faces {
        display: flex;
        flex: none;
      }
      .faces .avatar + .avatar {
        margin-inline-start: -0.75rem;
      }
      ul {
        display: grid;
        gap: 0.25rem;
        margin: 0;
        padding-inline-start: 1.125rem;
        font-size: 0.875rem;
      }
      li::marker {
        color: var(--mg-accent);
      }
      .answers {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
    `,
  ];

  /** The memory chosen here; undefined before the user chooses. */
  @state() private bytes: number | undefined;
  readonly #answering = new Task(this, {
    autoRun: false,
    task: async ([answer]: readonly [(room: Room) => Promise<void>]) => {
      const room = this.workspace?.grid.rooms.current;
      if (room) await answer(room);
    },
  });

  protected override render(): TemplateResult | typeof nothing {
    const state = this.workspace?.grid.state;
    const { share, layersWanted: wishes = [], peers = [] } = state?.room ?? {};
    this.hidden = wishes.length === 0;
    if (!state || wishes.length === 0) return nothing;
    const bytes = this.bytes ?? (share ? share.options.layersBytes : spareBytes(state.device));
    const busy = this.#answering.status === TaskStatus.PENDING;
    const dids = new Set(wishes.map(({ peer }) => peers.find(({ id }) => id === peer)?.did ?? peer));
    return html`<div class="who">
        <span class="faces">${[...dids].slice(0, 3).map((did) => avatar(did))}</span>
        <h3><bdi>${this.#question(wishes)}</bdi></h3>
      </div>
      <ul aria-label="What that means">
        <li>This device downloads some of the model’s layers and computes them for others.</li>
        <li>It sees their texts only as the numbers that pass between layers.</li>
        <li>Your answer, yes or no, applies in this room until you change it under “Sharing”.</li>
      </ul>
      ${memoryRange(state.device, bytes, (chosen) => (this.bytes = chosen))}
      <div class="answers">
        <button class="button primary" ?disabled=${busy} @click=${() => this.#allow(bytes)}>Allow in this room</button>
        <button
          class="button"
          ?disabled=${busy}
          @click=${() => void this.#answering.run([(room) => room.declineLayers()])}
        >
          Don’t allow
        </button>
      </div>
      ${taskFailure(this.#answering)}`;
  }

  #question(wishes: readonly LayersWish[]): string {
    const state = this.workspace?.grid.state;
    const people = [...new Map(wishes.map(({ peer, name }) => [peer, name])).values()];
    const models = [...new Set(wishes.map(({ model }) => (state ? modelName(state, model) : model)))];
    const what = models.length === 1 ? quoted(models[0] ?? "") : `${models.length} models`;
    return `${namesText(people)} would like to run ${what} together with you`;
  }

  #allow(layersBytes: number): void {
    // Consent to layers does not share any further model.
    const sharing = this.workspace?.grid.state.room?.share !== false;
    const options = { layers: true, layersBytes, ...(sharing ? {} : { models: [] }) };
    void this.#answering.run([(room) => room.share(options)]);
  }
}
