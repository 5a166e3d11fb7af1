/** Models over several devices of a room: splitting, surveying, planning, running. */
export type { GraphFigures, GraphFile, GraphService, Graphs } from "./graphs";
export { type PartsSource, SplitModel } from "./model";
export { type RingPlan, type PlanNode, type PlanProblem, type Shortfall, planPipeline } from "./plan";
export {
  type OpenStage,
  Ring,
  type RingStage,
  type RingState,
  StageServer,
  type StageRequest,
  type StageSource,
  type WeightSource,
} from "./run";
export { type Ability, type Inability, LinkSurvey, type Survey, SurveyAnswers, survey } from "./survey";
