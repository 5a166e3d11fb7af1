import { expect, test } from "vitest";
import { Newcomers } from "./newcomers";

const item = (id: string): { readonly id: string } => ({ id });

test("each new item is reported once", () => {
  const watch = new Newcomers(({ id }: { id: string }) => id);
  const news = (...ids: string[]): string[] => watch.news(ids.map(item)).map(({ id }) => id);
  expect(news()).toEqual([]);
  expect(news("a")).toEqual(["a"]);
  expect(news("a")).toEqual([]);
  expect(news("a", "b")).toEqual(["b"]);
  expect(news("b")).toEqual([]);
  expect(news("b", "a")).toEqual(["a"]);
});

test("a list that disappears is forgotten", () => {
  const watch = new Newcomers(({ id }: { id: string }) => id);
  watch.news([item("a")]);
  expect(watch.news(undefined)).toEqual([]);
  expect(watch.news([item("a")])).toHaveLength(1);
});
