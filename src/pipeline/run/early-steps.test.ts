/** Steps from strangers are bounded and leave room for the neighbour that is about to be named. */
import { expect, it } from "vitest";
import { SEQUENCE, did } from "../testing/toy-ring";
import { EarlySteps } from "./early-steps";

const stepOf = (step: number, bytes = 4, attempt = 1) => ({
  pipeline: "ab".repeat(8),
  attempt,
  step,
  sequence: SEQUENCE,
  keep: 0,
  count: 1,
  tensors: [{ name: "x", dtype: "float32" as const, bytes: new Uint8Array(bytes) }],
});

it("a node keeps a limited number of early steps, and of bytes, from each sender", () => {
  const early = new EarlySteps();
  for (let step = 0; step < 100; step++) early.add(did("m"), stepOf(step));
  for (let step = 0; step < 20; step++) early.add(did("n"), stepOf(step, 2 ** 20));
  const taken = early.take();
  expect(["m", "n"].map((name) => taken.filter(({ from }) => from === did(name)).length)).toEqual([64, 16]);
  expect(early.take()).toEqual([]);
});

it("a node keeps the early steps of an honest sender, however many strangers use up their limits", () => {
  const early = new EarlySteps();
  early.add(did("honest"), stepOf(0));
  for (const name of ["m", "n", "o", "p"]) for (let step = 0; step < 64; step++) early.add(did(name), stepOf(step));
  early.add(did("honest"), stepOf(1));
  for (const name of ["q", "r", "s"]) for (let step = 0; step < 16; step++) early.add(did(name), stepOf(step, 2 ** 20));
  const taken = early.take();
  expect(taken.filter(({ from }) => from === did("honest")).map(({ step }) => step.step)).toEqual([0, 1]);
  expect(taken.length).toBeLessThanOrEqual(128);
});

it("a stage takes early steps only from its neighbour and of its attempt", () => {
  const early = new EarlySteps();
  early.add(did("m"), stepOf(7, 4, 900_000));
  early.add(did("a"), stepOf(8, 4, 2));
  expect(early.has(7, { did: did("a"), attempt: 2 })).toBe(false);
  expect(early.has(7, { did: did("m"), attempt: 2 })).toBe(false);
  expect(early.has(8, { did: did("a"), attempt: 2 })).toBe(true);
});
