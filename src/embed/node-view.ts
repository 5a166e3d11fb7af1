/** The view of `<microgrid-node>`: the question whether to share, a line while it shares, and failures. */
import { html, nothing, type TemplateResult } from "lit";
import { quotedName } from "../core";
import type { GridState, RoomState } from "../grid";
import type { RoomTexts } from "../ui/parts";
import type { Readiness } from "./grid-controller";
import type { Lending } from "./lending";

interface NodeViewOptions {
  /** The texts of the page. */
  readonly texts: RoomTexts;
  readonly lending: Lending;
  readonly grid: GridState | undefined;
  /** The name of the element's model for people. */
  readonly model: string;
  /** The attributes that are wrong. */
  readonly mistakes: TemplateResult | typeof nothing;
  readonly readiness: Readiness;
  /** The question before the room; undefined if there is none, as where the page is inside already. */
  readonly question: TemplateResult | typeof nothing | undefined;
  onRetry(): void;
}

export function nodeView(options: NodeViewOptions): TemplateResult {
  const { mistakes } = options;
  return html`<div class="frame" part="frame">${mistakes} ${content(options)}</div>`;
}

function content(options: NodeViewOptions): TemplateResult | typeof nothing {
  const { texts, lending, grid, question, onRetry } = options;
  switch (lending.state) {
    case "off":
      return nothing;
    case "asking":
      return question ?? (grid?.room ? shareQuestion(grid.room, options) : nothing);
    case "failed":
      return html`<div class="error" part="error" role="alert">
        <span>${lending.failure?.message}</span>
        <button class="button" @click=${onRetry}>Retry</button>
      </div>`;
    default:
      return html`<slot name="control"
        ><div class="control" part="control">
          <span part="status" role="status">${statusText(options)}</span>
          <button class="link" part="stop" aria-label=${texts.STOP_SHARING} @click=${() => void lending.stop()}>
            Stop
          </button>
        </div></slot
      >`;
  }
}

/** The page is in the room already, so only sharing is asked for. */
function shareQuestion(room: RoomState, { texts, lending }: NodeViewOptions): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    lending.agree();
  };
  return html`<form class="card" part="room-question" aria-labelledby="share" @submit=${submit}>
    <div class="body">
      <h2 id="share">${texts.SHARE_LABEL} with ${quotedName(room.name)}?</h2>
      <p>${texts.shareHint(room.charter)}</p>
    </div>
    <div class="actions">
      <button class="button" type="button" @click=${() => lending.decline()}>Cancel</button>
      <button class="button primary" type="submit">Share</button>
    </div>
  </form>`;
}

function statusText({ texts, lending: { state }, grid, model, readiness }: NodeViewOptions): string {
  const room = grid?.room;
  if (!grid || !room) return "Joining…";
  const paused = texts.pausedText(room);
  if (state === "joining" && room.membership.kind !== "member") return texts.waitingText(room.membership.kind);
  if (state === "loading") {
    const progress = readiness.kind === "loading" ? readiness.progress : undefined;
    return `Loading ${model}. ${progress?.text ?? ""}`;
  }
  if (paused !== undefined) return paused;
  return texts.servingText(grid) ?? `Sharing this device with ${quotedName(room.name)}`;
}
