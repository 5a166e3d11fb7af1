/** The line under an answer says why it moved, in the words of the event itself. */
import { expect, test } from "vitest";
import type { StoredRoute } from "../../grid";
import type { RunningAnswer } from "../state/answer-run";
import { hopLine, placeLine, progressLine } from "./places";

const route = (name: string, more: Partial<StoredRoute> = {}): StoredRoute => ({
  provider: { id: name, kind: name === "local" ? "local" : "peer", name },
  why: [],
  attempt: 1,
  exact: true,
  model: "guide",
  backend: "wasm",
  ...more,
});

test("a hop names the reason of the loss before it", () => {
  const here = route("local");
  expect(hopLine(here, route("Gus", { lost: "slow" }))).toBe(
    "moved to this device: “Gus” was much slower than expected",
  );
  expect(hopLine(here, route("Gus", { lost: "left" }))).toBe("moved to this device: “Gus” left the room");
  expect(hopLine(here, route("local", { lost: "tab" }))).toBe("continued on this device: your other tab was closed");
  expect(hopLine(route("Ada", { exact: false }), route("Gus", { lost: "busy" }))).toBe(
    "moved to “Ada”: “Gus” was busy with other answers (wording may differ)",
  );
});

test("a hop whose reason nobody knows names none", () => {
  expect(hopLine(route("local"), route("Gus"))).toBe("moved to this device");
});

test("names of strangers lose characters that would change the line around them", () => {
  expect(placeLine(route("Ada\u202e"))).toBe("Answered by “Ada”");
  expect(placeLine(route("On this device"))).toBe("Answered by “Unnamed”");
  expect(hopLine(route("th1s device"), route("Gus"))).toBe("moved to “Unnamed”");
});

test("an answer that is being written names who answers, and where the request stands", () => {
  const at = (phase: RunningAnswer["phase"], last: StoredRoute, content = "", position = 0): string =>
    progressLine({
      phase,
      queue: { position, etaMs: 0 },
      message: {
        id: "a",
        role: "assistant",
        content,
        createdAt: 1,
        status: "streaming",
        answer: { model: "guide", routes: [last] },
      },
    });
  expect(at("routing", route("Ada"))).toBe("“Ada” is thinking…");
  expect(at("queued", route("Ada"), "", 0)).toBe("“Ada” is thinking…");
  expect(at("queued", route("Ada"), "", 1)).toBe("Next in the queue of “Ada”");
  expect(at("queued", route("Ada"), "", 18)).toBe("Number 18 in the queue of “Ada”");
  expect(at("streaming", route("Ada"), "To")).toBe("“Ada” is answering…");
  expect(at("lost", route("Ada", { lost: "left" }), "To")).toBe("“Ada” left the room. Looking for another device…");
  expect(at("streaming", route("local"), "To")).toBe("This device is answering…");
});
