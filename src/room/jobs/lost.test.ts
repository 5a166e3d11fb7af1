/** A consumer learns from the link or from the provider's own words why its job ended. */
import { describe, expect, it } from "vitest";
import { LEFT_ROOM } from "../constants";
import { JobFailedError, linkEnded } from "./lost";

const ended = (reason: string, { accused = false, endedHere = false } = {}) =>
  linkEnded({ accused, endedHere }, reason).loss;

describe("the end of a link", () => {
  it("tells a good-bye from a broken connection, and whose good-bye it was", () => {
    expect(ended(LEFT_ROOM)).toBe("left");
    expect(ended(LEFT_ROOM, { endedHere: true })).toBe("you-left");
    expect(ended("it does not answer any more")).toBe("disconnected");
    expect(ended("protocol error: it sent nonsense", { accused: true, endedHere: true })).toBe("protocol");
  });
});

describe("the words of a provider", () => {
  it("are believed where they name a reason, and count as a fault of its engine otherwise", () => {
    const said = (code: string) => new JobFailedError(code, "…").loss;
    expect(["left", "paused", "timeout", "model-not-loaded", "stage-lost"].map(said)).toEqual([
      "left",
      "paused",
      "slow",
      "unloaded",
      "stage",
    ]);
    expect(["worker-crashed", "constructor", ""].map(said)).toEqual(["engine", "engine", "engine"]);
    expect(new JobFailedError("context-exceeded", "Too long.", "messages")).toMatchObject({
      code: "context-exceeded",
      field: "messages",
      message: "Too long.",
      loss: "refused",
    });
    expect(new JobFailedError("worker-crashed", "…", "messages").field).toBeUndefined();
  });
});
