/** The bar above the chat: which model answers and where, the room, and the settings of the chat. */
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { plain } from "../../core";
import type { GridState, RoomState } from "../../grid";
import { WorkspaceElement } from "../element";
import { icon, downIcon, menuIcon, peopleIcon, slidersIcon } from "../icons";
import { gpuName } from "../state/device";
import { servingText } from "../state/serving";
import { answeringModel, backendName, isLoading, localOffers, modelName, pipelineOffers } from "../state/models";
import type { Panel, Workspace } from "../state/workspace";
import { devicesText } from "../pipelines/words";
import { headerStyles } from "./header-styles";

/** `<mg-header .workspace>`. Event: `mg-menu` opens the sidebar on small screens. */
@customElement("mg-header")
export class Header extends WorkspaceElement {
  static override readonly styles = headerStyles;

  /** True if the grid could not start. */
  @property({ type: Boolean }) failed = false;

  protected override render(): TemplateResult {
    const { workspace } = this;
    const room = workspace?.grid.state.room;
    const others = room?.peers.length ?? 0;
    return html`
      <button
        class="icon-button menu"
        aria-label="Show conversations"
        @click=${() => this.dispatchEvent(new CustomEvent("mg-menu"))}
      >
        ${icon(menuIcon)}
      </button>
      ${this.#model()}
      <span class="space"></span>
      ${workspace ? this.#serving(workspace) : nothing}
      <button
        class="button room ${room ? "in" : ""}"
        aria-expanded=${workspace?.panel === "room"}
        ?disabled=${!workspace}
        @click=${() => this.#toggle("room")}
      >
        ${icon(peopleIcon, 18)}
        <span class="visually-hidden">${room ? roomLabel(room) : "Open a room"}</span>
        <span class="face" aria-hidden="true"
          >${
            room
              ? html`<bdi class="room-name">${plain(room.name)}</bdi>${
                    room.knocks.length + room.layersWanted.length > 0
                      ? html`<span class="knocks"
                          >${room.knocks.length + room.layersWanted.length}<span class="unit"> waiting</span></span
                        >`
                      : html`<span class="count">${others + 1}<span class="unit"> here</span></span>`
                  }${
                    room.signaling === "connected"
                      ? nothing
                      : html`<span class="alert" title="Reconnecting to the signaling server"></span>`
                  }`
              : html`<span class="room-name">Open a room</span>`
          }</span
        >
      </button>
      <button
        class="icon-button"
        aria-label="Chat settings"
        title="Chat settings"
        aria-expanded=${workspace?.panel === "chat-settings"}
        ?disabled=${!workspace}
        @click=${() => this.#toggle("chat-settings")}
      >
        ${icon(slidersIcon)}
      </button>
    `;
  }

  /** The light that shows that this device works for others. */
  #serving(workspace: Workspace): TemplateResult | typeof nothing {
    const { state } = workspace.grid;
    const text = servingText(state);
    if (text === undefined) return nothing;
    const label = `${text} for the room`;
    return html`<button
      class="serving"
      aria-label=${label}
      title=${label}
      @click=${() => workspace.show({ panel: "room" })}
    >
      <i></i><span class="wide">Answering</span>${state.room?.serving}
    </button>`;
  }

  #model(): TemplateResult {
    const state = this.workspace?.grid.state;
    if (!state)
      return html`<button class="model" disabled>
        <strong>${this.failed ? "Not running" : "Starting…"}</strong>
      </button>`;
    const offer = answeringModel(state, this.workspace?.wantedModel);
    const local = offer !== undefined && localOffers(state).includes(offer);
    const name = offer ? modelName(state, offer.model) : isLoading(state) ? "Loading…" : "Choose a model";
    const where = !offer ? undefined : local ? backendName(offer.backend) : this.#away(state, offer.model);
    const why = !offer || !local ? "" : this.#reason(offer.backend);
    return html`<button
      class="model"
      aria-label="Model: ${name}${where ? `, ${where}` : ""}"
      title=${why || nothing}
      aria-haspopup="dialog"
      @click=${() => this.workspace?.show({ dialog: "models" })}
    >
      <strong>${name}</strong>
      ${where ? html`<span class="badge ${local ? (offer?.backend === "wasm" ? "quiet" : "") : "away"}">${where}</span>` : nothing}
      <span class="chevron">${icon(downIcon, 16)}</span>
    </button>`;
  }

  #away(state: GridState, model: string): string {
    const devices = pipelineOffers(state).find((offer) => offer.model === model)?.devices;
    return devices === undefined ? "in the room" : devicesText(devices);
  }

  #reason(backend: "webgpu" | "wasm"): string {
    const device = this.workspace?.grid.state.device;
    if (!device) return "";
    if (backend === "webgpu")
      return `Runs on the GPU of this device${device.webgpu ? `: ${gpuName(device.webgpu)}` : ""}.`;
    return device.webgpuMissing ?? "Runs on the CPU of this device.";
  }

  #toggle(panel: Exclude<Panel, undefined>): void {
    const { workspace } = this;
    workspace?.show({ panel: workspace.panel === panel ? undefined : panel });
  }
}

function roomLabel({ name, peers, knocks, layersWanted }: RoomState): string {
  const wanted = layersWanted.length === 0 ? "" : ", this device is asked to help run a larger model";
  const asking = knocks.length === 0 ? "" : `, ${knocks.length} asking to join`;
  return `Room ${plain(name)}, ${peers.length + 1} here${asking}${wanted}`;
}
