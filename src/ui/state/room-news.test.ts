/** Requests of others are told, and whoever asks without end does not decide how often. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { GridState } from "../../grid";
import { RoomNews } from "./room-news";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const knocking = (...names: readonly string[]) =>
  ({ room: { knocks: names.map((name) => ({ did: name, name })), layersWanted: [] } }) as unknown as GridState;

it("tells of the first at once, and of a flood that follows only after a while, in one sentence", () => {
  const told: string[] = [];
  const news = new RoomNews((sentence) => told.push(sentence));
  for (let guest = 0; guest < 100; guest++) news.look(knocking(...Array.from({ length: guest }, (_, i) => `g${i}`)));
  expect(told).toEqual(["“g0” asks to come in"]);
  vi.advanceTimersByTime(10_000);
  expect(told.slice(1)).toEqual(["98 people ask to come in"]);
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(2);
  news.look(knocking("somebody else"));
  expect(told).toHaveLength(3);
  news.close();
});

it("does not tell of somebody who has gone during the pause", () => {
  const told: string[] = [];
  const news = new RoomNews((sentence) => told.push(sentence));
  for (const names of [["a"], ["a", "b"], ["a"]]) news.look(knocking(...names));
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(1);
});
