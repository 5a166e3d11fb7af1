/** The page's view of pipelines. */
import { MicrogridError } from "../../core";
import type { Pipeline, Pipelines } from "../contract";
import type { GridState, PipelinePlan, PipelineState, PlanOptions } from "../../node";
import type { PipelineCalls } from "../../node";

interface GridPipelinesOptions {
  call<M extends keyof PipelineCalls>(
    method: M,
    args: PipelineCalls[M]["args"],
    signal?: AbortSignal,
  ): Promise<PipelineCalls[M]["result"]>;
  state(): GridState;
}

/** Plans, opens and lists pipelines, whichever tab runs the node. */
export class GridPipelines implements Pipelines {
  readonly #options: GridPipelinesOptions;

  constructor(options: GridPipelinesOptions) {
    this.#options = options;
  }

  async plan(
    model: string,
    { signal, ...options }: PlanOptions & { signal?: AbortSignal } = {},
  ): Promise<PipelinePlan> {
    const { stages, answers, nodes } = options;
    for (const [name, value] of Object.entries({ stages, answers })) {
      if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
        throw new MicrogridError("bad-request", `“${name}” has to be a whole number above 0.`);
      }
    }
    const chosen = {
      ...(stages !== undefined && { stages }),
      ...(answers !== undefined && { answers }),
      ...(nodes !== undefined && { nodes: [...nodes] }),
    };
    return this.#options.call("planPipeline", { model, options: chosen }, signal);
  }

  async open(plan: PipelinePlan, { signal }: { signal?: AbortSignal } = {}): Promise<Pipeline> {
    const id = await this.#options.call("openPipeline", { plan }, signal);
    return this.#pipeline(id, plan.model);
  }

  list(): readonly Pipeline[] {
    return this.#options.state().pipelines.map(({ id, model }) => this.#pipeline(id, model));
  }

  #pipeline(id: string, model: string): Pipeline {
    const { call, state } = this.#options;
    const find = (): PipelineState | undefined => state().pipelines.find((each) => each.id === id);
    return {
      id,
      model,
      get state() {
        return find();
      },
      close: () => call("closePipeline", { id }),
    };
  }
}
