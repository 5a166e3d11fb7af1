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

/** The work of today; undefined if there was none. */
export function answeredText({ answeredToday }: RoomState): string | undefined {
  return answeredToday === 0 ? undefined : `You answered ${questions(answeredToday)} today.`;
}

function questions(count: number): string {
  return count === 1 ? "1 question" : `${count} questions`;
}
