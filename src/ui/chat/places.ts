/** Names the devices that give parts of an answer, and says where it stands and why it moved from one to another. */
import { capitalized, quotedName } from "../../core";
import type { StoredRoute } from "../../grid";
import { lossText } from "../../grid/parts";
import type { RunningAnswer } from "../state/answer-run";

type Place = Pick<StoredRoute, "provider">;

/**
 * Where an answer was computed, as the beginning of a line: “On this device”, “Answered by ‘Ada’s laptop’”. The words tell the
 * place. A name never does: it is quoted, and none may read like a place.
 */
export function placeLine({ provider }: Place): string {
  if (provider.kind === "local") return "On this device";
  // A pipeline is named by this device, by the number of others.
  return provider.kind === "pipeline" ? `On ${provider.name}` : `Answered by ${quotedName(provider.name)}`;
}

/** A device within a sentence. */
function placeName({ provider }: Place): string {
  if (provider.kind === "pipeline") return "the pipeline";
  return provider.kind === "local" ? "this device" : quotedName(provider.name);
}

/** Names the device that gave an answer, such as “‘Ada’s laptop’ answered”. */
export function answeredLine(place: Place): string {
  return `${capitalized(placeName(place))} answered`;
}

/** Why an answer is no longer computed where it was; undefined if nobody knows, as after a reload. */
export function lossLine(route: StoredRoute): string | undefined {
  return route.lost && lossText(route.lost, placeName(route));
}

/** How an answer went on after the part `before`, and why. */
export function hopLine(route: StoredRoute, before: StoredRoute): string {
  const same = route.provider.id === before.provider.id;
  const hop = `${same ? "continued on" : "moved to"} ${placeName(route)}`;
  const why = lossLine(before);
  return `${hop}${why === undefined ? "" : `: ${why}`}${route.exact ? "" : " (wording may differ)"}`;
}

/** Where an answer that is being written stands. */
export function progressLine({ phase, queue, message }: Pick<RunningAnswer, "phase" | "queue" | "message">): string {
  const last = message.answer?.routes.at(-1);
  if (phase === "waiting-for-model" || !last) return "Waiting for a model to be ready…";
  const who = placeName(last);
  if (phase === "lost") return `${capitalized(lossLine(last) ?? `${who} was lost`)}. Looking for another device…`;
  // Position 0 runs already.
  if (phase === "queued" && queue && queue.position > 0) {
    return `${queue.position === 1 ? "Next" : `Number ${queue.position}`} in the queue of ${who}`;
  }
  return `${capitalized(who)} is ${message.content === "" ? "thinking" : "answering"}…`;
}
