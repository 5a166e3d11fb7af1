/** Chooses whether this device answers for the room, and within which limits. */
import { Task } from "@lit/task";
import { css, html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { plain } from "../../core";
import type { GridState, RoomState, ShareOptions } from "../../grid";
import "../controls";
import { WorkspaceElement } from "../element";
import { taskFailure } from "../failure";
import "../range";
import { loadedOffers } from "../state/models";
import { pausedText, workText } from "../state/serving";
import { canKeepScreenOn } from "../state/sharer";
import { sections } from "../styles/shared";
import { formatSize, percentOf } from "../format";
import { SHARE_LABEL } from "./consent";
import { memoryRange } from "./layers-memory";
import { NO_MODEL_TO_SHARE, SHARE_HINT } from "./room-texts";

interface Switch extends HTMLElement {
  checked: boolean;
}

/** `<mg-share-settings .workspace>`: the switch “Share this device” and its limits. */
@customElement("mg-share-settings")
export class ShareSettings extends WorkspaceElement {
  static override readonly styles = [
    sections,
    css`
      :host {
        display: grid;
        gap: 0.875rem;
      }
      .limits {
        display: grid;
        gap: 0.875rem;
        padding-inline-start: 0.875rem;
        border-inline-start: 2px solid var(--mg-border);
      }
      fieldset {
        display: grid;
        gap: 0.5rem;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 0.5rem;
        font-size: 0.875rem;
        font-weight: 550;
      }
    `,
  ];

  readonly #sharing = new Task(this, {
    autoRun: false,
    task: async ([options]: readonly [Partial<ShareOptions> | false]) =>
      this.workspace?.grid.rooms.current?.share(options),
  });

  protected override render(): TemplateResult | typeof nothing {
    const room = this.workspace?.grid.state.room;
    if (!room) return nothing;
    const sharing = room.share !== false;
    return html`
      <wa-switch
        ?checked=${sharing}
        .checked=${sharing}
        hint=${SHARE_HINT}
        @change=${(event: Event) => this.#share((event.target as Switch).checked ? {} : false)}
        >${SHARE_LABEL}</wa-switch
      >
      ${taskFailure(this.#sharing)} ${room.share === false ? nothing : this.#limits(room, room.share.options)}
    `;
  }

  #limits(room: RoomState, options: ShareOptions): TemplateResult {
    const paused = pausedText(room);
    const state = this.workspace?.grid.state;
    return html`<div class="limits">
      ${paused === undefined ? nothing : html`<p class="warning" role="status">${paused}</p>`}
      ${state && html`<p class="small muted" role="status">${workText(state, room)}</p>`} ${this.#models(options)}
      <mg-range
        label="Answers at the same time"
        min="1"
        max="8"
        step="1"
        .value=${options.maxJobs}
        @change=${(event: Event) => this.#share({ maxJobs: Number((event.target as HTMLInputElement).value) })}
      ></mg-range>
      <wa-switch
        .checked=${options.onlyWhileVisible}
        @change=${(event: Event) => this.#share({ onlyWhileVisible: (event.target as Switch).checked })}
        >Only while this page is visible</wa-switch
      >
      <wa-switch
        .checked=${options.pauseOnBattery}
        @change=${(event: Event) => this.#share({ pauseOnBattery: (event.target as Switch).checked })}
        >Pause on battery</wa-switch
      >
      ${canKeepScreenOn() ? this.#screen() : nothing} ${this.#layers(this.workspace?.grid.state.device, options)}
    </div>`;
  }

  #layers(device: GridState["device"] | undefined, options: ShareOptions): TemplateResult {
    return html`<wa-switch
        .checked=${options.layers}
        hint="Others can then run models with this device that no single device could run. It sees their text only as numbers."
        @change=${(event: Event) => this.#share({ layers: (event.target as Switch).checked })}
        >Hold layers of larger models</wa-switch
      >
      ${
        options.layers && device
          ? memoryRange(device, options.layersBytes, (layersBytes) => this.#share({ layersBytes }))
          : nothing
      }`;
  }

  #screen(): TemplateResult {
    const sharer = this.workspace?.sharer;
    return html`<wa-switch
      .checked=${sharer?.screenStaysOn ?? false}
      hint="Browsers slow down pages that nobody sees: answers from a hidden tab or a dark screen take longer."
      @change=${(event: Event) => sharer?.keepScreenOn((event.target as Switch).checked)}
      >Keep the screen on while this page is open</wa-switch
    >`;
  }

  #models(options: ShareOptions): TemplateResult {
    const state = this.workspace?.grid.state;
    const ready = state ? loadedOffers(state) : [];
    if (ready.length === 0) return this.#noModel();
    const shared = (id: string): boolean => options.models === "all" || options.models.includes(id);
    return html`<fieldset>
      <legend>Models to share</legend>
      ${ready.map(
        ({ model, name }) =>
          html`<wa-switch
            size="s"
            .checked=${shared(model)}
            @change=${(event: Event) => {
              const on = (event.target as Switch).checked;
              const chosen = ready.map((offer) => offer.model).filter((id) => (id === model ? on : shared(id)));
              this.#share({ models: chosen.length === ready.length ? "all" : chosen });
            }}
            >${name || model}</wa-switch
          >`,
      )}
    </fieldset>`;
  }

  /** A device without a model has nothing to share: the room's own model can come, or the user chooses one. */
  #noModel(): TemplateResult {
    const { workspace } = this;
    const wanted = workspace?.shareModel.wanted;
    if (!workspace || !wanted)
      return html`<p class="small muted">
        ${NO_MODEL_TO_SHARE}
        <button class="link" @click=${() => workspace?.show({ dialog: "models" })}>Choose a model</button>
      </p>`;
    const { model, asks } = wanted;
    const text = `The room uses ${plain(model.name)} (${formatSize(model.downloadBytes)})`;
    const load = workspace.grid.state.loads[model.id];
    const share = load?.kind === "loading" ? percentOf(load.progress) : undefined;
    return html`<div class="row wrap" role="group" aria-label="The model to share">
      <span class="small grow">${text}${asks ? "." : `: loading…${share === undefined ? "" : ` ${share} %`}`}</span>
      ${asks ? html`<button class="button primary" @click=${() => workspace.shareModel.agree()}>Load it</button>` : nothing}
      <button class="button" @click=${() => workspace.shareModel.decline()}>${asks ? "Not now" : "Cancel"}</button>
    </div>`;
  }

  #share(options: Partial<ShareOptions> | false): void {
    void this.#sharing.run([options]);
  }
}
