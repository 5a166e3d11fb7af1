/** Names the devices that gave parts of an answer, and says why it moved from one to another. */
import type { StoredRoute } from "../../grid";
import { lossText } from "../../grid/parts";
import { plain } from "../plain";

type Place = Pick<StoredRoute, "provider">;

/** A device as the beginning of a line, such as “On Ada’s laptop”. */
export function placeLine({ provider }: Place): string {
  return provider.kind === "local" ? "On this device" : `On ${plain(provider.name)}`;
}

/** A device within a sentence. */
function placeName({ provider }: Place): string {
  if (provider.kind === "pipeline") return "the pipeline";
  return provider.kind === "local" ? "this device" : plain(provider.name);
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
