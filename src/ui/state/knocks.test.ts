import { expect, test } from "vitest";
import type { Knock, RoomState } from "../../grid";
import { KnockWatch } from "./knocks";

const knock = (did: string): Knock => ({ did, name: did, device: "", house: undefined });
const room = (...dids: string[]): RoomState => ({ knocks: dids.map(knock) }) as unknown as RoomState;

test("tells of everybody who asks, once", () => {
  const watch = new KnockWatch();
  const news = (...dids: string[]): string[] => watch.news(room(...dids)).map(({ did }) => did);
  expect(news()).toEqual([]);
  expect(news("a")).toEqual(["a"]);
  expect(news("a")).toEqual([]);
  expect(news("a", "b")).toEqual(["b"]);
  expect(news("b")).toEqual([]);
  expect(news("b", "a")).toEqual(["a"]);
});

test("a room that was left is forgotten", () => {
  const watch = new KnockWatch();
  watch.news(room("a"));
  expect(watch.news(undefined)).toEqual([]);
  expect(watch.news(room("a"))).toHaveLength(1);
});
