/** Plans pipelines in one room: asks its members, measures the links, and chooses. */
import type { Did } from "../../core";
import type { Backend, LoadProgress } from "../../inference";
import {
  type Ability,
  type LinkSurvey,
  type PlanProblem,
  type RingStage,
  type SplitModel,
  type Survey,
  planPipeline,
  survey,
} from "../../pipeline";
import type { StageLanes } from "../../room";
import type { PipelinePlan, PlanOptions } from "../types";
import { planNode, planView } from "./plan-view";
import type { SplitModels } from "./split-models";
import type { KnownModel } from "./weights";

interface PlannerOptions {
  readonly traffic: StageLanes;
  readonly links: LinkSurvey;
  readonly self: Did;
  readonly models: SplitModels;
  readonly backend: Backend;
  /** Memory that this device has for layers, in bytes. */
  spareBytes(): number;
  /** Members that may be asked, those that gave memory first. */
  members(): readonly Did[];
  nameOf(did: Did): string;
}

/** A plan, with the survey from which replacements are chosen. */
export interface Planned {
  readonly plan: PipelinePlan;
  readonly model: KnownModel;
  readonly survey: Survey;
}

/** A model that members are being asked about. */
interface Asking {
  readonly model: KnownModel;
  readonly members: readonly Did[];
}

/** Number of members that are asked for one plan; asking more would take longer than it saves. */
const MAX_ASKED = 31;

/** Maximum length of a prompt and its answer together, in tokens; each stage reserves memory for it. */
const MAX_CONTEXT = 4_096;
/** The context length of a model that does not state it. */
const ASSUMED_CONTEXT = 2_048;
/** Default number of texts that all stages keep at once: the one being answered, and the one before. */
const SEQUENCES = 2;
/** Maximum number of such texts. */
const MAX_SEQUENCES = 16;

/** Plans pipelines in one room. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #asking = new Set<Asking>();

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** The models whose graph a member may read, because it is being asked about them. */
  asked(by: Did): readonly KnownModel[] {
    return [...this.#asking].filter(({ members }) => members.includes(by)).map(({ model }) => model);
  }

  /** Rejects like `Pipelines.plan`. `onProgress` is called while the model's graph is read. */
  async plan(
    id: string,
    wanted: PlanOptions,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: (progress: LoadProgress) => void },
  ): Promise<Planned> {
    const { traffic, links, self, models, backend, spareBytes, members, nameOf } = this.#options;
    const { nodes, stages, answers = 1 } = wanted;
    const model = await models.read(id, { signal, ...(onProgress && { onProgress }) });
    const asking: Asking = {
      model,
      members: members()
        .filter((did) => nodes?.includes(did) ?? true)
        .slice(0, MAX_ASKED),
    };
    this.#asking.add(asking);
    const [own, found] = await Promise.all([
      models.speed(model),
      survey({ traffic, links, self, source: model.source }, asking.members, { signal }),
    ]).finally(() => this.#asking.delete(asking));
    const allowed = nodes?.map((node) => (node === "self" ? self : node));
    const context = Math.min(model.parts.contextLength ?? ASSUMED_CONTEXT, MAX_CONTEXT);
    const sequences = Math.min(MAX_SEQUENCES, Math.max(SEQUENCES, answers));
    const problem: PlanProblem = {
      model: model.planModel,
      context,
      sequences,
      goal: answers > 1 ? "throughput" : "latency",
      nodes: [
        {
          ...planNode(self, { memoryBytes: model.fitting(spareBytes(), backend), ...own }),
          headMs: headMs(model, own),
        },
        ...[...found.able].map(([did, ability]) => planNode(did, ability)),
      ],
      self,
      links: (from, to) => found.link(from as Did, to as Did),
      ...(stages !== undefined && { stages }),
      ...(allowed && { nodesAllowed: allowed }),
    };
    const facts = { model, self, context, sequences, survey: found, nameOf };
    return { plan: planView(planPipeline(problem), facts), model, survey: found };
  }

  /**
   * Chooses the devices that take over the layers `range` of a lost device: the fastest of those that were asked, are
   * present, and are not in `not`. Throws if there are none.
   */
  replace(
    { plan, model, survey: found }: Planned,
    range: { readonly from: number; readonly to: number },
    not: ReadonlySet<Did>,
  ): readonly RingStage[] {
    const { self } = this.#options;
    const here = new Set(this.#options.members());
    const able = [...found.able].filter(([did]) => here.has(did) && !not.has(did));
    const { layerBytes, kvBytesPerToken, fixedStateBytes, layerWork, hiddenBytes } = model.planModel;
    const cut = <T>(values: readonly T[]): readonly T[] => values.slice(range.from, range.to);
    // Plan a model of just these layers, for a consumer that holds none of them.
    const planned = planPipeline({
      model: {
        layers: range.to - range.from,
        layerBytes: cut(layerBytes),
        kvBytesPerToken: cut(kvBytesPerToken),
        ...(fixedStateBytes && { fixedStateBytes: cut(fixedStateBytes) }),
        ...(layerWork && { layerWork: cut(layerWork) }),
        ...{ embeddingBytes: 0, headBytes: 0, hiddenBytes, answerBytes: hiddenBytes },
      },
      consumerKeepsEnds: false,
      ...{ context: plan.context, sequences: plan.sequences, goal: "latency" },
      nodes: able.map(([did, ability]) => planNode(did, ability)),
      self,
      links: (from, to) => found.link(from as Did, to as Did),
    });
    if (planned.kind === "shortfall") throw new Error("No device has the memory for these layers.");
    return planned.stages.map(({ node, from, to }) => ({
      did: node as Did,
      from: range.from + from,
      to: range.from + to,
    }));
  }
}

/** An estimate: reading weights takes most of the time, in the head as in a layer. */
function headMs({ decoder, typicalLayer }: SplitModel, { decodeMs }: Pick<Ability, "decodeMs">): number {
  return (decodeMs * decoder.headBytes) / decoder.layerBytes[typicalLayer]!;
}
