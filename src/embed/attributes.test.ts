import { describe, expect, test } from "vitest";
import { readAttributes, readSuggestions } from "./attributes";

const written = (change: object = {}) => readAttributes({ policy: "", theme: "auto", temperature: "", ...change });

describe("readAttributes", () => {
  test("leaves absent attributes to the grid and the model", () => {
    expect(written()).toEqual({ privacy: undefined, sampling: {}, mistakes: [] });
  });

  test.each(["0", "0.7", "2", "1e-1"])("takes the temperature %s", (temperature) => {
    expect(written({ temperature })).toMatchObject({ sampling: { temperature: Number(temperature) }, mistakes: [] });
  });

  test.each(["hot", "-1", "2.1", " ", "NaN", "0,7", "Infinity"])("names the temperature “%s”", (temperature) => {
    const { sampling, mistakes } = written({ temperature });
    expect(sampling).toEqual({});
    expect(mistakes).toEqual([
      `The attribute temperature="${temperature}" of this element is not a number from 0 to 2. It is ignored.`,
    ]);
  });

  test("keeps questions on the device if the policy is wrong", () => {
    expect(written({ policy: "rooms" })).toMatchObject({
      privacy: "device",
      mistakes: [expect.stringMatching(/policy="rooms".*“room”/)],
    });
    expect(written({ policy: "room" })).toMatchObject({ privacy: "room", mistakes: [] });
  });

  test("names a wrong theme, and each of several mistakes", () => {
    expect(written({ theme: "drak" }).mistakes).toEqual([expect.stringContaining('theme="drak"')]);
    expect(written({ theme: "", policy: "x", temperature: "x" }).mistakes).toHaveLength(3);
  });
});

test("readSuggestions separates lines and bars, and drops what is empty or said twice", () => {
  expect(readSuggestions(" When are you open? | Where are you?\n\n  When are you open?")).toEqual([
    "When are you open?",
    "Where are you?",
  ]);
  expect(readSuggestions("")).toEqual([]);
});
