/** The notices about refused devices: strangers must not be able to raise an alarm at will. */
import { afterEach, expect, it, vi } from "vitest";
import { MicrogridError } from "../../core";
import { StateStore } from "../state-store";
import type { GridState } from "../types";
import { RoomNotices } from "./room-notices";

afterEach(() => {
  vi.useRealTimers();
});

function notices() {
  const store = new StateStore({ notices: [] } as unknown as GridState);
  const shown = new RoomNotices(store);
  const failed = new MicrogridError("handshake-failed", "A device tried to connect and was refused.");
  return {
    fail: (isAlone: boolean) => shown.refused(failed, "Attic", isAlone),
    refuse: () => shown.refused(new MicrogridError("peer-refused", "This invite has ended."), "Attic", false),
    texts: () => store.state.notices.map(({ text }) => text),
    dismiss: () => store.dismiss("refused"),
  };
}

it("says nothing of failed handshakes while somebody of the room is linked", () => {
  const { fail, texts } = notices();
  for (let i = 0; i < 20; i++) fail(false);
  expect(texts()).toEqual([]);
});

it("tells a device that nobody reaches of the second failed handshake, and of no more for a while", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { fail, texts, dismiss } = notices();
  fail(true);
  expect(texts()).toEqual([]);
  fail(true);
  expect(texts()).toEqual([expect.stringContaining("“Attic”")]);
  dismiss();
  for (let i = 0; i < 20; i++) fail(true);
  expect(texts()).toEqual([]);
  vi.advanceTimersByTime(11 * 60_000);
  fail(true);
  expect(texts()).toEqual([]);
  fail(true);
  expect(texts()).toHaveLength(1);
});

it("reports other refusals at once", () => {
  const { refuse, texts } = notices();
  refuse();
  expect(texts()).toEqual(["This invite has ended."]);
});
