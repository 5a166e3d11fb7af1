import { describe, expect, it } from "vitest";
import { readTensor } from "./tensor";
import { ProtobufMessage as Message } from "./protobuf";
import { ELEMENT } from "./element-types";
import { FIELD } from "./schema";
import { smallNumbers } from "./small-numbers";
import { integersMessage, movedTensor, tensorMessage } from "./writer";

describe("tensors", () => {
  it("keep integers, including negative ones", () => {
    const tensor = readTensor(integersMessage("axes", [0, -1, 2 ** 40]).build());
    expect(tensor).toMatchObject({ name: "axes", type: ELEMENT.int64, dims: [3], bytes: 24 });
    expect(smallNumbers(tensor)).toEqual([0, -1, 2 ** 40]);
  });

  it("move to another file, and keep everything else", () => {
    const range = { location: "old", offset: 4096, length: 8 };
    const documented = tensorMessage({ name: "w", type: ELEMENT.float16, dims: [4] }, range).bytes(12, "a note");
    const moved = movedTensor(readTensor(documented.build()), { location: "new", offset: 64, length: 8 });
    const expected = new Message()
      .varint(FIELD.tensor.dim, 4)
      .varint(FIELD.tensor.type, ELEMENT.float16)
      .bytes(FIELD.tensor.name, "w")
      .bytes(12, "a note");
    const entries = [
      ["location", "new"],
      ["offset", "64"],
      ["length", "8"],
    ] as const;
    for (const [key, value] of entries) {
      expected.bytes(FIELD.tensor.external, new Message().bytes(FIELD.entry.key, key).bytes(FIELD.entry.value, value));
    }
    expect(moved.build()).toEqual(expected.varint(FIELD.tensor.location, 1).build());
  });
});
