/** The header's text: which model answers and where, the room that this device is in, and the buttons to enter and leave it. */
import { html, nothing, type TemplateResult } from "lit";
import { nameText } from "../core";
import type { GridState } from "../grid";
import { backendName, modelName } from "../ui/parts";
import type { RoomEntry } from "./room-entry";

interface WhereOptions {
  readonly entry: RoomEntry;
  onAsk(): void;
  onLeave(): void;
}

export function whereView(state: GridState, model: string, { entry, onAsk, onLeave }: WhereOptions): TemplateResult {
  const load = state.loads[model];
  const here =
    load?.kind === "ready" ? `${modelName(state, load.offer.model)} · ${backendName(load.offer.backend)}` : "";
  const { room } = state;
  const others = room?.peers.length ?? 0;
  return html`<span class="place muted small">
      ${room ? html`<b><bdi>${nameText(room.name)}</bdi></b> · ${others === 0 ? "nobody else yet" : `${others + 1} people`}` : here}
    </span>
    ${entry.kind === "declined" ? html`<button class="link" @click=${onAsk}>Join room</button>` : nothing}
    ${room ? html`<button class="link" @click=${onLeave}>Leave</button>` : nothing}`;
}
