/** Selects and sorts the models to list. */
import { type GridState, type ModelInfo, roomCapacity } from "../../grid";

export type ModelFilter = "all" | "fits" | "room" | "stored" | ModelInfo["engine"];

const FILTERS: readonly (readonly [ModelFilter, string])[] = [
  ["all", "All"],
  ["fits", "Fits this device"],
  ["room", "With the room"],
  ["stored", "Stored"],
  ["onnx", "ONNX"],
  ["wllama", "GGUF"],
  ["webllm", "WebLLM"],
];

/** The filters to offer. The one about the room appears only if someone else is in the room. */
export function filtersFor({ room }: GridState): typeof FILTERS {
  return room && room.peers.length > 0 ? FILTERS : FILTERS.filter(([filter]) => filter !== "room");
}

/**
 * The models that contain every word of `search` and pass the filter: loaded ones first, then stored ones, then by
 * size. `ranks` remembers the group of each model so that a row stays in place while it loads; pass a new map to sort
 * again.
 */
export function filterModels(
  state: GridState,
  search: string,
  filter: ModelFilter,
  ranks: Map<string, number> = new Map<string, number>(),
): ModelInfo[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return state.models
    .filter((model) => passes(state, model, filter))
    .filter((model) => {
      const text = `${model.name} ${model.id} ${model.origin}`.toLowerCase();
      return words.every((word) => contains(text, word));
    })
    .map((model) => {
      const known = ranks.get(model.id) ?? rank(state, model);
      ranks.set(model.id, known);
      return { model, rank: known };
    })
    .sort(
      (a, b) =>
        a.rank - b.rank || (a.model.downloadBytes ?? Number.MAX_VALUE) - (b.model.downloadBytes ?? Number.MAX_VALUE),
    )
    .map(({ model }) => model);
}

/** A number counts from its first digit: “8b” is not in “0.8b” or “18b”. */
function contains(text: string, word: string): boolean {
  if (!/^\d/.test(word)) return text.includes(word);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[\d.]/.test(text.charAt(at - 1))) return true;
  }
  return false;
}

function passes(state: GridState, model: ModelInfo, filter: ModelFilter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "fits":
      return model.fit.fits;
    case "room":
      return roomCapacity(state, model) !== undefined;
    case "stored":
      return model.stored !== "no";
    case "onnx":
    case "wllama":
    case "webllm":
      return model.engine === filter;
  }
}

/** The rank from which on models are merely listed: neither running here nor added nor stored. */
export const LISTED_RANK = 3;

function rank(state: GridState, model: ModelInfo): number {
  if (state.loads[model.id] || state.pipelines.some((pipeline) => pipeline.model === model.id)) return 0;
  if (model.source !== "catalog") return 1;
  if (model.stored !== "no") return 2;
  return model.fit.fits ? LISTED_RANK : LISTED_RANK + 1;
}
