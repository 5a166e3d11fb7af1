import { expect, test } from "vitest";
import type { PipelinePlan, PipelineState, PlannedStage } from "../../grid";
import { fakeState } from "../testing/fixtures";
import { fakePeers } from "../testing/room-fixtures";
import { stageStops } from "./stage-stops";

const state = fakeState({ loading: false, notices: false, house: false });
const inRoom = { ...state, room: { peers: fakePeers } as unknown as NonNullable<typeof state.room> };

function stage(peer: string, from: number, to: number): PlannedStage {
  return { peer, name: peer, from, to, bytes: 1000, decodeMs: to - from, hopMs: 5 };
}

function plan(...stages: PlannedStage[]): PipelinePlan {
  return { stages, endsMs: 3, entryMs: 7 } as unknown as PipelinePlan;
}

test("the first layers on this device form one stop with the embedding", () => {
  const [ends, next, ...rest] = stageStops(inRoom, plan(stage("self", 0, 4), stage("a", 4, 10)));
  expect(ends).toMatchObject({ peer: "self", ends: true, layers: { from: 0, to: 4 }, ms: 7, hopMs: 5, device: 0 });
  expect(next).toMatchObject({ peer: "a", did: fakePeers[0]!.did, ends: false, ms: 6, hopMs: 5, device: 1 });
  expect(rest).toEqual([]);
});

test("without first layers, this device has a stop for the ends, with the hop to the first stage", () => {
  const stops = stageStops(inRoom, plan(stage("a", 0, 4), stage("b", 4, 6), stage("self", 6, 8)));
  expect(stops.map(({ peer, device }) => [peer, device])).toEqual([
    ["self", 0],
    ["a", 1],
    ["b", 2],
    ["self", 0],
  ]);
  expect(stops[0]).toMatchObject({ layers: undefined, ms: 3, hopMs: 7 });
});

test("a running pipeline shows its own devices, with the times of the plan if they are as planned", () => {
  const part = (peer: string, from: number, to: number): PipelineState["stages"][number] => {
    return { peer, name: peer, from, to, ready: false, loadedBytes: 5, totalBytes: 10 };
  };
  const stages = [part("a", 0, 4), part("c", 4, 8)];
  const running: PipelineState = {
    id: "p",
    model: "m",
    name: "M",
    status: "repairing",
    offer: undefined,
    stages,
    layers: 8,
  };
  const stops = stageStops(inRoom, plan(stage("a", 0, 4), stage("b", 4, 8)), running);
  expect(stops.map(({ peer, ms }) => [peer, ms])).toEqual([
    ["self", 3],
    ["a", 4],
    ["c", undefined],
  ]);
  expect(stops[2]?.loaded).toEqual({ ready: false, loadedBytes: 5, totalBytes: 10 });
});

test("a pipeline without stages has no stops", () => {
  expect(stageStops(inRoom, plan())).toEqual([]);
});
