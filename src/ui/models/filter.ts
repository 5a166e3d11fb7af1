/** Which models are listed, and in which order. */
import type { GridState, ModelInfo } from "../../grid";

export type ModelFilter = "all" | "fits" | "stored" | "onnx" | "webllm";

export const FILTERS: readonly (readonly [ModelFilter, string])[] = [
  ["all", "All"],
  ["fits", "Fits this device"],
  ["stored", "Stored"],
  ["onnx", "ONNX"],
  ["webllm", "WebLLM"],
];

/**
 * The models that contain every word of `search` and pass the filter: loaded first, then stored, then by size.
 * `ranks` remembers where a model stood, so that a row does not jump away while it loads; pass a new map to sort anew.
 */
export function filterModels(
  state: Pick<GridState, "models" | "loads">,
  search: string,
  filter: ModelFilter,
  ranks: Map<string, number> = new Map<string, number>(),
): ModelInfo[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return state.models
    .filter((model) => passes(model, filter))
    .filter((model) => {
      const text = `${model.name} ${model.id} ${model.origin}`.toLowerCase();
      return words.every((word) => text.includes(word));
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

function passes(model: ModelInfo, filter: ModelFilter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "fits":
      return model.fit.fits;
    case "stored":
      return model.stored !== "no";
    case "onnx":
    case "webllm":
      return model.engine === filter;
  }
}

function rank(state: Pick<GridState, "loads">, model: ModelInfo): number {
  if (state.loads[model.id]) return 0;
  if (model.source !== "catalog") return 1;
  if (model.stored !== "no") return 2;
  return model.fit.fits ? 3 : 4;
}
