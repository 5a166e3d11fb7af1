/** Frames of pipelines that nobody here takes are recognized before they are decoded. */
import { describe, expect, it, vi } from "vitest";
import { type Did, encodeCbor } from "../../core";
import { StageRegistry } from "./registry";

const own = "0123456789abcdef";
const [ada, mallory] = ["did:key:ada", "did:key:mallory"] as [Did, Did];
const frame = (pipeline: unknown, kind = "stage.forward") => ({
  kind,
  body: encodeCbor({ pipeline, tensors: "none" }),
});

describe("a registry of handlers", () => {
  it("wants no frame while nobody takes its kind", () => {
    const registry = new StageRegistry();
    registry.add({ "stage.open": vi.fn() });
    expect(registry.wants(frame(own), ada)).toBe(false);
    expect(registry.wants(frame(own, "stage.open"), ada)).toBe(true);
    expect(registry.wants(frame(own, "constructor"), ada)).toBe(false);
  });

  it("wants only frames of the pipelines that its handlers take", () => {
    const registry = new StageRegistry();
    const hosted = new Set<unknown>();
    const remove = registry.add({ "stage.forward": vi.fn() }, { pipeline: (id) => hosted.has(id) && "asked" });
    expect(registry.wants(frame(own), ada)).toBe(false);
    hosted.add(own);
    expect([
      registry.wants(frame(own), ada),
      registry.wants(frame("another"), ada),
      registry.wants(frame(7), ada),
    ]).toEqual(["asked", false, false]);
    remove();
    registry.add({ "stage.forward": vi.fn() }, { pipeline: own });
    expect([registry.wants(frame(own), ada), registry.wants(frame("another"), ada)]).toEqual(["asked", false]);
  });

  it("asks only senders whom its handlers expect, and drops the frames of others", () => {
    const registry = new StageRegistry();
    const [steps, questions] = [vi.fn(), vi.fn()];
    registry.add({ "stage.forward": steps }, { pipeline: (id, from) => id === own && from === ada && "asked" });
    registry.add({ "stage.where": questions });
    expect([registry.wants(frame(own), ada), registry.wants(frame(own), mallory)]).toEqual(["asked", false]);
    expect(registry.wants(frame(own, "stage.where"), mallory)).toBe(true);
    registry.dispatch({ kind: "stage.forward", body: { pipeline: own } as never }, mallory);
    expect(steps).not.toHaveBeenCalled();
  });
});
