/** The certificate of the built-in model, and of one that is not a model. */
import { describe, expect, it } from "vitest";
import { ROOT } from "../run/spawn.mjs";
import { certify, families, findModel, readTable, realModels, row, type Trial } from "./index";

it("says that the built-in model loads, answers, stops and can be split", async () => {
  const trials: Trial[] = [];
  await certify(await findModel(`${ROOT}/public/models/guide`, "http://127.0.0.1:9"), (trial) => trials.push(trial));
  expect(trials.map(({ name, passed }) => `${name} ${passed}`)).toEqual([
    ...["load true", "prompt true", "end true", "abort true", "cache true", "split true", "speed true"],
  ]);
});

it("refuses a folder without a model", async () => {
  await expect(findModel(`${ROOT}/docs`, "http://127.0.0.1:9")).rejects.toMatchObject({ code: "not-a-model" });
});

describe("the table of certificates", () => {
  const table = readTable();

  it("has all models", () => {
    const names = [...families(), ...realModels()].map(([name]) => name);
    expect(table.map(([name]) => name)).toEqual(names);
  });

  // The verdicts on real weights are what their own tests show.
  it.each(families())("has the verdicts of today: %s", async (...model) => {
    const today = await row(model, () => undefined);
    expect(table.find(([name]) => name === model[0])).toEqual(today);
  });
});
