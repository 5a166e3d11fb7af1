import { describe, expect, test } from "vitest";
import type { PeerState } from "../../grid";
import { fakePeers } from "../testing/room-fixtures";
import { capacityText, fewest, layersText, namesText, timeText } from "./words";

const peer = (name: string, gigabytes: number): PeerState => ({
  ...fakePeers[0]!,
  id: name,
  name,
  layersBytes: gigabytes * 1e9,
});

test("a few names are listed one by one", () => {
  expect(namesText([])).toBe("");
  expect(namesText(["Ann"])).toBe("“Ann”");
  expect(namesText(["Ann", "Ben"])).toBe("“Ann” and “Ben”");
  expect(namesText(["Ann", "Ben", "Cara"])).toBe("“Ann”, “Ben” and “Cara”");
  expect(namesText(["Ann", "Ben", "Cara", "Dan"])).toBe("“Ann”, “Ben” and 2 others");
  expect(namesText(["\u202e", "A\nb"])).toBe("“Unnamed” and “A b”");
});

test("the smallest sufficient group consists of the largest devices", () => {
  const helpers = [peer("small", 1), peer("large", 4), peer("middle", 2)];
  expect(fewest(helpers, 4e9).map(({ name }) => name)).toEqual(["large"]);
  expect(fewest(helpers, 5e9).map(({ name }) => name)).toEqual(["large", "middle"]);
  expect(fewest(helpers, 99e9)).toHaveLength(3);
});

describe("the text about a room's memory", () => {
  const helpers = [peer("Ann", 4), peer("Ben", 2)];
  test.each([
    [{ helpers, offeredBytes: 10e9, missingBytes: 0 }, 8e9, "The room could run it with “Ann”."],
    [{ helpers, offeredBytes: 10e9, missingBytes: 0 }, 9e9, "The room could run it with “Ann” and “Ben”."],
    [{ helpers, offeredBytes: 10e9, missingBytes: 3.1e9 }, 13.1e9, "3.1 GB more needed: ask others to offer memory."],
    [
      { helpers: [], offeredBytes: 4e9, missingBytes: 1e9 },
      5e9,
      "1.0 GB more needed: nobody in the room offers memory yet.",
    ],
  ])("%#", (capacity, needed, text) => expect(capacityText(capacity, needed)).toBe(text));
});

test("layers are numbered from one", () => {
  expect(layersText({ from: 4, to: 12 })).toBe("Layers 5–12");
  expect(layersText({ from: 0, to: 1 })).toBe("Layer 1");
});

test("small times are shown more exactly than large ones", () => {
  expect([0.04, 0.44, 7, 7.26, 12.4, 1500].map(timeText)).toEqual([
    "under 0.1 ms",
    "0.4 ms",
    "7 ms",
    "7.3 ms",
    "12 ms",
    "1.5 s",
  ]);
});
