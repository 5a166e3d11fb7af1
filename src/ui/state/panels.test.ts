/** Panels and dialogs open by themselves; toasts go by themselves, and are few. */
import { type Mock, afterEach, beforeEach, expect, test, vi } from "vitest";
import { Panels } from "./panels";

let panels: Panels;
let changed: Mock<() => void>;
const texts = (): readonly string[] => panels.toasts.map(({ text }) => text);

beforeEach(() => {
  vi.useFakeTimers();
  panels = new Panels();
  changed = vi.fn();
  panels.on("change", changed);
});

afterEach(() => void vi.useRealTimers());

test("a panel and a dialog open and close by themselves", () => {
  panels.show({ panel: "room" });
  panels.show({ dialog: "models" });
  expect([panels.panel, panels.dialog]).toEqual(["room", "models"]);
  panels.show({ panel: undefined });
  expect([panels.panel, panels.dialog]).toEqual([undefined, "models"]);
  panels.show({ dialog: undefined });
  expect(panels.dialog).toBeUndefined();
  expect(changed).toHaveBeenCalledTimes(4);
});

test("a toast disappears after a while, or when it is dismissed", () => {
  const run = vi.fn();
  panels.toast("deleted", { label: "Undo", run });
  vi.advanceTimersByTime(5_000);
  panels.toast("stored");
  expect(panels.toasts[0]?.action).toEqual({ label: "Undo", run });
  expect(panels.toasts[1]).not.toHaveProperty("action");
  vi.advanceTimersByTime(5_000);
  expect(texts()).toEqual(["stored"]);
  panels.dismissToast(panels.toasts[0]!.id);
  expect(texts()).toEqual([]);
  expect(changed).toHaveBeenCalledTimes(4);
});

test("a fourth toast takes the place of the oldest", () => {
  for (const text of ["1", "2", "3", "4"]) panels.toast(text);
  expect(texts()).toEqual(["2", "3", "4"]);
});
