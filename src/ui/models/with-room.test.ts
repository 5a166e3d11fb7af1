import { expect, test } from "vitest";
import type { GridState, LoadState, PipelineState } from "../../grid";
import type { PipelineSetup } from "../state/together";
import { fakeState } from "../testing/fixtures";
import { failureOf, isAboutPipeline } from "./with-room";

const BIG = { id: "big" };
const LOADING = { kind: "loading" } as LoadState;
const READY = { kind: "ready" } as LoadState;
const FAILED: LoadState = { kind: "failed", error: { code: "network", message: "The download broke off." } };
const NOT_FORMED = { kind: "failed", model: "big", options: {}, text: "Ann left." } as const satisfies PipelineSetup;

function stateWith(load: LoadState | undefined, runs: boolean): GridState {
  return {
    ...fakeState({ loading: false, notices: false, house: false }),
    loads: load ? { big: load } : {},
    pipelines: runs ? [{ id: "p", model: "big" } as PipelineState] : [],
  };
}

test.each([
  ["nothing was loaded", undefined, true],
  ["a load failed", FAILED, true],
  ["the model loads here", LOADING, false],
  ["the model is here", READY, false],
])("while a pipeline runs and %s, the row is about the pipeline: %s", (_, load, expected) => {
  expect(isAboutPipeline(stateWith(load, true), BIG)).toBe(expected);
  expect(isAboutPipeline(stateWith(load, false), BIG)).toBe(false);
});

test("failures are shown, the newest first, until the model runs", () => {
  expect(failureOf(stateWith(undefined, false), BIG, undefined)).toBe("");
  expect(failureOf(stateWith(FAILED, false), BIG, undefined)).toBe("The download broke off.");
  expect(failureOf(stateWith(FAILED, false), BIG, NOT_FORMED)).toBe("Ann left.");
  expect(failureOf(stateWith(FAILED, true), BIG, NOT_FORMED)).toBe("");
});
