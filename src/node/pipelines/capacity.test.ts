import { describe, expect, it } from "vitest";
import type { DeviceInfo } from "../../inference";
import type { ModelInfo } from "../../models";
import type { GridState, PeerState } from "../types";
import { roomCapacity, spareBytes } from "./capacity";

describe("the memory for models of a room", () => {
  const device = { memoryBytes: 4 * 2 ** 30 } as DeviceInfo;
  const model = (memoryBytes: number | undefined, engine = "onnx") => ({ id: "m", engine, memoryBytes }) as ModelInfo;
  const state = (given: readonly number[], models: "any" | readonly string[] = "any") =>
    ({
      device,
      room: {
        membership: { kind: "member", founder: true },
        charter: { models },
        peers: given.map((layersBytes) => ({ layersBytes }) as PeerState),
      },
    }) as unknown as GridState;

  it("is the memory that members give, plus that of this device", () => {
    const offered = spareBytes(device) + 3 * 2 ** 30;
    expect(roomCapacity(state([2 * 2 ** 30, 0, 2 ** 30]), model(8 * 2 ** 30))).toMatchObject({
      offeredBytes: offered,
      missingBytes: 8 * 2 ** 30 - offered,
      helpers: [{ layersBytes: 2 * 2 ** 30 }, { layersBytes: 2 ** 30 }],
    });
    expect(roomCapacity(state([2 ** 40]), model(8 * 2 ** 30))?.missingBytes).toBe(0);
  });

  it("is unknown outside of rooms, for models that cannot be split or are not allowed, and for models of unknown size", () => {
    expect(roomCapacity({ ...state([1]), room: undefined }, model(1))).toBeUndefined();
    expect(roomCapacity(state([1]), model(1, "webllm"))).toBeUndefined();
    expect(roomCapacity(state([1]), model(undefined))).toBeUndefined();
    expect(roomCapacity(state([1], ["another"]), model(1))).toBeUndefined();
  });
});
