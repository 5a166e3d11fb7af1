/** Frames of pipelines that nobody here takes are recognized before they are decoded. */
import { describe, expect, it, vi } from "vitest";
import { encodeCbor } from "../../core";
import { StageRegistry } from "./registry";

const own = "0123456789abcdef";
const frame = (pipeline: unknown, kind = "stage.forward") => ({
  kind,
  body: encodeCbor({ pipeline, tensors: "none" }),
});

describe("a registry of handlers", () => {
  it("wants no frame while nobody takes its kind", () => {
    const registry = new StageRegistry();
    registry.add({ "stage.open": vi.fn() });
    expect(registry.wants(frame(own))).toBe(false);
    expect(registry.wants(frame(own, "stage.open"))).toBe(true);
    expect(registry.wants(frame(own, "constructor"))).toBe(false);
  });

  it("wants only frames of the pipelines that its handlers take", () => {
    const registry = new StageRegistry();
    const hosted = new Set<unknown>();
    const remove = registry.add({ "stage.forward": vi.fn() }, { pipeline: (id) => hosted.has(id) });
    expect(registry.wants(frame(own))).toBe(false);
    hosted.add(own);
    expect([registry.wants(frame(own)), registry.wants(frame("another")), registry.wants(frame(7))]).toEqual([
      "asked",
      false,
      false,
    ]);
    remove();
    registry.add({ "stage.forward": vi.fn() }, { pipeline: own });
    expect([registry.wants(frame(own)), registry.wants(frame("another"))]).toEqual(["asked", false]);
  });
});
