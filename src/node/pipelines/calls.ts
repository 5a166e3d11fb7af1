/** What any tab can ask of the node about pipelines. */
import type { PipelinePlan, PlanOptions } from "../types";
import type { NodePipelines } from "./node-pipelines";

/** Arguments and results can be cloned. */
export interface PipelineCalls {
  planPipeline: { args: { model: string; options: PlanOptions }; result: PipelinePlan };
  openPipeline: { args: { plan: PipelinePlan }; result: string };
  closePipeline: { args: { id: string }; result: void };
}

/** Answers them. */
export function pipelineMethods(pipelines: NodePipelines): {
  [M in keyof PipelineCalls]: (
    args: PipelineCalls[M]["args"],
    signal: AbortSignal,
  ) => Promise<PipelineCalls[M]["result"]>;
} {
  return {
    planPipeline: ({ model, options }, signal) => pipelines.plan(model, options, signal),
    openPipeline: ({ plan }, signal) => pipelines.open(plan, signal),
    closePipeline: async ({ id }) => pipelines.close(id),
  };
}
