/** A plan as people and programs see it. */
import { type Did, formatBytes } from "../../core";
import type { Ability, RingPlan, PlanNode, Shortfall, SplitModel, Survey } from "../../pipeline";
import type { LeftOut, PipelinePlan } from "../types";

/** The question to the planner, and the facts found for it. */
interface PlanFacts {
  readonly model: SplitModel;
  readonly self: Did;
  readonly context: number;
  readonly sequences: number;
  readonly survey: Survey;
  nameOf(did: Did): string;
}

/** Describes the planner's result with names and sentences. */
export function planView(planned: RingPlan | Shortfall, facts: PlanFacts): PipelinePlan {
  const { model, self, context, sequences, survey, nameOf } = facts;
  const { id, name, graph, weightsHash } = model.parts;
  const neededBytes =
    model.endBytes() + model.bytesOf({ from: 0, to: model.layers }, context * sequences, { sequences });
  const common = { model: id, name, graph, weightsHash, layers: model.layers, context, sequences, neededBytes };
  if (planned.kind === "shortfall") {
    const missing = { bytes: planned.missingBytes, text: shortfallText(planned) };
    const nothing = { stages: [], endsMs: 0, entryMs: 0, msPerToken: Infinity, tokensPerSecond: 0 };
    return { ...common, ...nothing, missing, leftOut: leftOut(survey, new Set(), nameOf) };
  }
  const { ends, stages, msPerToken, tokensPerSecond } = planned;
  const used = new Set(stages.map(({ node }) => node));
  return {
    ...common,
    stages: stages.map(({ node, from, to, bytes, kvBytes, decodeMs, hopMs }) => ({
      peer: node === self ? "self" : node,
      name: node === self ? "This device" : nameOf(node as Did),
      from,
      to,
      bytes: bytes + kvBytes,
      decodeMs,
      hopMs,
    })),
    endsMs: ends.embedMs + ends.headMs,
    entryMs: ends.hopMs,
    msPerToken,
    tokensPerSecond,
    missing: undefined,
    leftOut: leftOut(survey, used, nameOf),
  };
}

function leftOut({ able, unable }: Survey, used: ReadonlySet<string>, nameOf: (did: Did) => string): LeftOut[] {
  const idle = [...able.keys()].filter((did) => !used.has(did));
  return [
    ...[...unable].map(([did, { why, text }]) => ({ peer: did, name: nameOf(did), why, text })),
    ...idle.map((did) => ({
      peer: did,
      name: nameOf(did),
      why: "unneeded" as const,
      text: "It would not make it faster.",
    })),
  ];
}

function shortfallText({ reason, missingBytes, neededBytes, offeredBytes }: Shortfall): string {
  switch (reason) {
    case "memory":
      return (
        `${formatBytes(missingBytes)} more of memory are needed: the model takes ${formatBytes(neededBytes)} in all, and ` +
        `${formatBytes(offeredBytes)} are given. Ask others in the room to give memory, or take a smaller model.`
      );
    case "consumer":
      return (
        `This device lacks ${formatBytes(missingBytes)} of memory for the model's embedding and head, which stay here. ` +
        "Unload other models, or take a smaller one."
      );
    case "links":
      return "There is memory enough, but not all devices that give it can reach each other. Try again in a moment.";
    case "stages":
      return "The model cannot be spread over exactly that many devices. Choose another number.";
  }
}

/** The planner's figures of a device. */
export function planNode(id: string, { memoryBytes, decodeMs, prefillMs }: Ability): PlanNode {
  return { id, memoryBytes, decodeMsPerLayer: decodeMs, prefillMsPerTokenPerLayer: prefillMs };
}
