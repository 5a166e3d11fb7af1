/** The habits of a user in rooms outlive the page. */
import { beforeEach, expect, test, vi } from "vitest";
import type { ShareOptions } from "../types";
import { answeredToday, countAnswer, recallShare, rememberShare } from "./habits";

const SHARE: ShareOptions = {
  models: "all",
  maxJobs: 2,
  onlyWhileVisible: false,
  pauseOnBattery: true,
  layers: false,
  layersBytes: 1,
};

beforeEach(() => {
  const values = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
    removeItem: (key: string) => values.delete(key),
  });
});

test("sharing is remembered for each room, until it ends there", () => {
  rememberShare("kitchen", SHARE);
  rememberShare("office", { ...SHARE, maxJobs: 1 });
  expect(recallShare("kitchen")).toEqual(SHARE);
  rememberShare("kitchen", undefined);
  expect(recallShare("kitchen")).toBeUndefined();
  expect(recallShare("office")?.maxJobs).toBe(1);
});

test("answers are counted by the day", () => {
  const today = new Date(2026, 10, 30, 23);
  countAnswer(today);
  countAnswer(today);
  expect(answeredToday(today)).toBe(2);
  const tomorrow = new Date(2026, 11, 1, 1);
  expect(answeredToday(tomorrow)).toBe(0);
  countAnswer(tomorrow);
  expect(answeredToday(tomorrow)).toBe(1);
});

test("nothing is remembered where the browser refuses to store, and nothing fails", () => {
  vi.stubGlobal("localStorage", undefined);
  rememberShare("kitchen", SHARE);
  countAnswer();
  expect(recallShare("kitchen")).toBeUndefined();
  expect(answeredToday()).toBe(0);
});
