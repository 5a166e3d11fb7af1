/** The models of a grid: calls to the node, and the progress of loads from its state. */
import type { Capabilities, GridState, LoadOptions, ModelInfo } from "../../node";
import type { GridApi, Models } from "../contract";
import { fieldsOf } from "../fields";

/** The signal of a load that nobody aborts. */
const NEVER = new AbortController().signal;

/** The parts of the grid that its models need. */
interface ModelsParts {
  readonly node: Capabilities["models"];
  /** The state, and how it changes. */
  readonly grid: Pick<GridApi, "state" | "on">;
}

export class GridModels implements Models {
  readonly #node: Capabilities["models"];
  readonly #grid: ModelsParts["grid"];

  constructor({ node, grid }: ModelsParts) {
    this.#node = node;
    this.#grid = grid;
  }

  list(): Promise<ModelInfo[]> {
    return Promise.resolve([...this.#grid.state.models]);
  }

  async load(id: string, options?: LoadOptions): Promise<void> {
    const { signal = NEVER, engine, backend, onProgress } = fieldsOf(options, "models.load");
    const show = (state: GridState): void => {
      const load = state.loads[id];
      if (load?.kind === "loading") onProgress?.(load.progress);
    };
    const stop = this.#grid.on("change", show);
    try {
      await this.#node.load(id, { ...(engine && { engine }), ...(backend && { backend }) }, { signal });
    } finally {
      stop();
    }
  }

  unload(id: string): Promise<void> {
    return this.#node.unload(id);
  }

  remove(id: string): Promise<void> {
    return this.#node.remove(id);
  }

  add(source: string | URL | FileList): Promise<ModelInfo> {
    return this.#node.add(source instanceof URL ? source.href : source);
  }
}
