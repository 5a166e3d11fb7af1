/** Texts about models that run on several devices. */
import { quotedName } from "../../core";
import type { PeerState, RoomCapacity } from "../../grid";
import { formatBytes } from "../format";

/** How many names to show before counting the rest. */
const MOST_NAMES = 3;

/** `a`, `a and b`, `a, b and c`, or `a, b and 4 others`; makes names chosen by strangers safe to show. */
export function namesText(names: readonly string[]): string {
  const shown = names.map(quotedName);
  const others = shown.length - MOST_NAMES + 1;
  const said = others > 1 ? [...shown.slice(0, MOST_NAMES - 1), `${others} others`] : shown;
  return said.length < 2 ? said.join("") : `${said.slice(0, -1).join(", ")} and ${said.at(-1) ?? ""}`;
}

/** The fewest helpers whose memory is enough for `bytes`, largest first. */
export function fewest(helpers: readonly PeerState[], bytes: number): readonly PeerState[] {
  const sorted = helpers.toSorted((a, b) => b.layersBytes - a.layersBytes);
  let sum = 0;
  const enough = sorted.findIndex(({ layersBytes }) => (sum += layersBytes) >= bytes);
  return enough === -1 ? sorted : sorted.slice(0, enough + 1);
}

/** Says which peers could help to run a model of `neededBytes`, or how much memory is missing. */
export function capacityText({ helpers, offeredBytes, missingBytes }: RoomCapacity, neededBytes: number): string {
  if (missingBytes > 0) {
    const missing = `${formatBytes(missingBytes)} more needed`;
    return helpers.length === 0
      ? `${missing}: nobody in the room offers memory yet.`
      : `${missing}: ask others to offer memory.`;
  }
  if (helpers.length === 0) return "This device could run it alone, in parts.";
  const own = offeredBytes - helpers.reduce((sum, { layersBytes }) => sum + layersBytes, 0);
  const others = fewest(helpers, neededBytes - own);
  return `The room could run it with ${namesText(others.map(({ name }) => name))}.`;
}

/** Layers `[from, to)` counted from 1, such as `Layers 5–12`. */
export function layersText({ from, to }: { readonly from: number; readonly to: number }): string {
  return to - from === 1 ? `Layer ${to}` : `Layers ${from + 1}–${to}`;
}

/** `3 devices`. */
export function devicesText(count: number): string {
  return count === 1 ? "1 device" : `${count} devices`;
}

/** A time for one token or hop, such as `0.4 ms` or `12 ms`. */
export function timeText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 0.1 ? "under 0.1 ms" : `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
}
