/** What is said about models that run over several devices. */
import type { PeerState, RoomCapacity } from "../../grid";
import { formatBytes } from "../format";
import { plain } from "../plain";

/** Names that are said before the rest is counted. */
const MOST_NAMES = 3;

/** `a`, `a and b`, `a, b and c`, `a, b and 4 others`; names of strangers, made harmless. */
export function namesText(names: readonly string[]): string {
  const shown = names.map((name) => plain(name) || "Unnamed");
  const others = shown.length - MOST_NAMES + 1;
  const said = others > 1 ? [...shown.slice(0, MOST_NAMES - 1), `${others} others`] : shown;
  return said.length < 2 ? said.join("") : `${said.slice(0, -1).join(", ")} and ${said.at(-1) ?? ""}`;
}

/** The fewest of those who give memory that are enough for `bytes`, largest first. */
export function fewest(helpers: readonly PeerState[], bytes: number): readonly PeerState[] {
  const sorted = helpers.toSorted((a, b) => b.layersBytes - a.layersBytes);
  let sum = 0;
  const enough = sorted.findIndex(({ layersBytes }) => (sum += layersBytes) >= bytes);
  return enough === -1 ? sorted : sorted.slice(0, enough + 1);
}

/** Whether the room could run a model of so many bytes, and with whom, or what is missing. */
export function capacityText({ helpers, offeredBytes, missingBytes }: RoomCapacity, neededBytes: number): string {
  if (missingBytes > 0) {
    const missing = `${formatBytes(missingBytes)} more needed`;
    return helpers.length === 0
      ? `${missing}: nobody in the room gives memory yet.`
      : `${missing}: ask others to give memory.`;
  }
  if (helpers.length === 0) return "It could run in parts, on this device alone.";
  const own = offeredBytes - helpers.reduce((sum, { layersBytes }) => sum + layersBytes, 0);
  const others = fewest(helpers, neededBytes - own);
  return `The room could run it: with ${namesText(others.map(({ name }) => name))}.`;
}

/** Layers `[from, to)` as people count them: `Layers 5–12`. */
export function layersText({ from, to }: { readonly from: number; readonly to: number }): string {
  return to - from === 1 ? `Layer ${to}` : `Layers ${from + 1}–${to}`;
}

/** `3 devices`. */
export function devicesText(count: number): string {
  return count === 1 ? "1 device" : `${count} devices`;
}

/** Times on the way of one token, such as `0.4 ms`, `12 ms`. */
export function timeText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 0.1 ? "under 0.1 ms" : `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
}
