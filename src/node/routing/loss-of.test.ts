/** Each way in which an answer can end early has a code, and each code has a sentence. */
import { describe, expect, it } from "vitest";
import { type ErrorCode, MicrogridError } from "../../core";
import { JobLostError, JobRefusedError } from "../../room";
import { TooSlowError, lossOf } from "./loss-of";
import { LOSSES, lossText } from "./losses";

const LOAD = { running: 2, queued: 8, tokenRate: 0, visible: true };

describe("the reason for a loss", () => {
  it("is the one that the peer or its link gave", () => {
    const losses = ["left", "you-left", "disconnected", "silent", "slow", "paused", "engine", "protocol"] as const;
    expect(losses.map((loss) => lossOf(new JobLostError(loss, "…")))).toEqual(losses);
  });

  it("follows from the reason of a refusal", () => {
    const reasons = ["busy", "unknown-model", "charter", "policy", "too-large", "draining"] as const;
    expect(reasons.map((reason) => lossOf(new JobRefusedError(reason, LOAD)))).toEqual([
      "busy",
      "unloaded",
      "rules",
      "paused",
      "refused",
      "left",
    ]);
  });

  it("follows from the error of an engine, of a pipeline, or of the watch", () => {
    const of = (code: ErrorCode) => lossOf(new MicrogridError(code, "…"));
    expect(of("worker-crashed")).toBe("engine");
    expect(of("device-lost")).toBe("engine");
    expect(of("model-not-loaded")).toBe("unloaded");
    expect(of("stage-lost")).toBe("stage");
    expect(of("context-exceeded")).toBe("refused");
    expect(lossOf(new Error("…"))).toBe("engine");
    expect(lossOf(new TooSlowError())).toBe("slow");
  });

  it("has a sentence of its own", () => {
    expect(new Set(LOSSES.map((loss) => lossText(loss, "Ada"))).size).toBe(LOSSES.length);
  });
});
