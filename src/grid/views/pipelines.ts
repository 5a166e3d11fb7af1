/** The page's view of pipelines. */
import { MicrogridError } from "../../core";
import type { Pipeline, Pipelines } from "../contract";
import { fieldsOf } from "../fields";
import type { GridState, PipelinePlan, PipelinesApi, PipelineState, PlanOptions } from "../../node";

interface GridPipelinesOptions {
  readonly node: PipelinesApi;
  state(): GridState;
}

/** Plans, opens and lists pipelines, whichever tab runs the node. */
export class GridPipelines implements Pipelines {
  readonly #options: GridPipelinesOptions;

  constructor(options: GridPipelinesOptions) {
    this.#options = options;
  }

  async plan(model: string, options?: PlanOptions & { signal?: AbortSignal }): Promise<PipelinePlan> {
    const { signal = new AbortController().signal, stages, answers, nodes } = fieldsOf(options, "pipelines.plan");
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
    return this.#options.node.plan(model, chosen, { signal });
  }

  async open(plan: PipelinePlan, options?: { signal?: AbortSignal }): Promise<Pipeline> {
    const { signal = new AbortController().signal } = fieldsOf(options, "pipelines.open");
    const id = await this.#options.node.open(plan, { signal });
    return this.#pipeline(id, plan.model);
  }

  list(): readonly Pipeline[] {
    return this.#options.state().pipelines.map(({ id, model }) => this.#pipeline(id, model));
  }

  #pipeline(id: string, model: string): Pipeline {
    const { node, state } = this.#options;
    const find = (): PipelineState | undefined => state().pipelines.find((each) => each.id === id);
    return {
      id,
      model,
      get state() {
        return find();
      },
      close: () => node.close(id),
    };
  }
}
