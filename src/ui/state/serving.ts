/** Sentences for a person whose device answers others. */
import { plain } from "../../core";
import type { GridState, RoomState } from "../../grid";
import { modelName } from "./models";

/** The work of this device for others at this moment; undefined if there is none. */
export function servingText(state: GridState): string | undefined {
  const { room } = state;
  if (!room || room.serving === 0) return undefined;
  const models = room.servingModels.map((id) => plain(modelName(state, id))).join(", ");
  return `Answering ${questions(room.serving)}${models === "" ? "" : ` with ${models}`}`;
}

/** The work of this device for others now and today. */
export function workText(state: GridState, { answeredToday }: RoomState): string {
  const now = `${servingText(state) ?? "Not answering anyone right now"}.`;
  return answeredToday === 0 ? now : `${now} You answered ${questions(answeredToday)} today.`;
}

/** The reason why a shared device answers nobody for now; undefined if it answers. */
export function pausedText({ share }: RoomState): string | undefined {
  return share === false || share.paused === undefined ? undefined : `Paused: ${share.paused}`;
}

function questions(count: number): string {
  return count === 1 ? "1 question" : `${count} questions`;
}
