/** The certificate of the built-in model, and of one that is not a model. */
import { expect, it } from "vitest";
import { ROOT } from "../run/spawn.mjs";
import { certify, findModel, type Trial } from "./index";

it("says that the built-in model loads, answers, stops and can be split", async () => {
  const trials: Trial[] = [];
  await certify(await findModel(`${ROOT}/public/models/guide`, "http://127.0.0.1:9"), (trial) => trials.push(trial));
  expect(trials.map(({ name, passed }) => `${name} ${passed}`)).toEqual([
    ...["load true", "prompt true", "end true", "abort true", "split true"],
  ]);
});

it("refuses a folder without a model", async () => {
  await expect(findModel(`${ROOT}/docs`, "http://127.0.0.1:9")).rejects.toMatchObject({ code: "not-a-model" });
});
