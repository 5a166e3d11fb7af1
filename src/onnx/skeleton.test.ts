/** Graphs without their weights: what remains, how little is read of the file, and files that lie. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ELEMENT, ProtobufMessage as Message, readGraph, readSkeleton } from ".";
import type { RangeSource } from "../core";
import { FIELD } from "./schema";
import { nodeMessage, portMessage, tensorMessage } from "./writer";

const MIB = 2 ** 20;
const LARGE = Uint8Array.from({ length: MIB }, (_, i) => (i * 7 + (i >> 9)) % 251);
const floats = (name: string, bytes: number, content: Parameters<typeof tensorMessage>[1]) =>
  tensorMessage({ name, type: ELEMENT.float32, dims: [bytes / 4] }, content);

/** An operator with a graph inside, which has a weight of its own. */
const BRANCH = nodeMessage({
  op: "If",
  name: "if",
  inputs: ["c"],
  outputs: ["z"],
  attributes: [
    new Message()
      .bytes(FIELD.attribute.name, "then_branch")
      .bytes(
        FIELD.attribute.graph,
        new Message()
          .bytes(FIELD.graph.initializer, floats("inside", 4096, LARGE.subarray(0, 4096)))
          .bytes(FIELD.graph.node, nodeMessage({ op: "Neg", name: "", inputs: ["inside"], outputs: ["own"] })),
      ),
  ],
});
/** A tensor whose numbers are not stored as raw bytes. */
const TYPED = new Message()
  .varint(FIELD.tensor.dim, 1024)
  .varint(FIELD.tensor.type, ELEMENT.float32)
  .bytes(4, LARGE.subarray(0, 4096))
  .bytes(FIELD.tensor.name, "typed");

function file(change: (graph: Message) => void = () => undefined): Uint8Array<ArrayBuffer> {
  const graph = new Message()
    .bytes(FIELD.graph.node, nodeMessage({ op: "Add", name: "add", inputs: ["a", "b"], outputs: ["y"] }))
    .bytes(FIELD.graph.node, BRANCH)
    .bytes(FIELD.graph.initializer, floats("a", MIB, LARGE))
    .bytes(FIELD.graph.initializer, floats("small", 1024, LARGE.subarray(0, 1024)))
    .bytes(FIELD.graph.initializer, floats("b", 2048, LARGE.subarray(100, 2148)))
    .bytes(FIELD.graph.initializer, TYPED)
    .bytes(FIELD.graph.initializer, floats("away", 4096, { location: "m.onnx_data", offset: 64, length: 4096 }))
    .bytes(FIELD.graph.initializer, floats("c", MIB, LARGE))
    .bytes(FIELD.graph.output, portMessage("y", ELEMENT.float32, ["n"]));
  change(graph);
  return new Message().varint(1, 10).bytes(FIELD.model.graph, graph).varint(5, 3).build();
}

/** A file that tells what was read of it. */
function source(bytes: Uint8Array): RangeSource & { readonly reads: [from: number, to: number][] } {
  const reads: [number, number][] = [];
  return {
    bytes: bytes.length,
    reads,
    read: (offset, length) => {
      expect(length > 0 && offset >= (reads.at(-1)?.[1] ?? 0) && offset + length <= bytes.length).toBe(true);
      reads.push([offset, offset + length]);
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}

const bytesRead = ({ reads }: ReturnType<typeof source>): number =>
  reads.reduce((sum, [from, to]) => sum + to - from, 0);

describe("the skeleton of a graph", () => {
  it("has the place of each large weight, and everything else as it was", async () => {
    const bytes = file();
    const whole = readGraph(bytes);
    const skeleton = readGraph(await readSkeleton(source(bytes), "m.onnx"));
    expect(skeleton.initializers.map(({ name, external }) => [name, external?.location])).toEqual([
      ["a", "m.onnx"],
      ["small", undefined],
      ["b", "m.onnx"],
      ["typed", undefined],
      ["away", "m.onnx_data"],
      ["c", "m.onnx"],
    ]);
    for (const [index, { raw, external, ...rest }] of skeleton.initializers.entries()) {
      const before = whole.initializers[index]!;
      const { name, type, dims } = rest;
      expect({ name, type, dims }).toEqual({ name: before.name, type: before.type, dims: before.dims });
      if (external?.location !== "m.onnx") expect(rest.content).toEqual(before.content);
      else {
        const { offset, length = 0 } = external;
        expect(raw).toBeUndefined();
        expect(Buffer.compare(bytes.subarray(offset, offset + length), before.raw!)).toBe(0);
      }
    }
    const parts = ({ nodes, outputs, modelFields }: typeof whole) =>
      [...nodes, ...outputs].map(({ content }) => content).concat(modelFields.map(({ raw }) => raw));
    expect(parts(skeleton)).toEqual(parts(whole));
  });

  it("is the file itself if that has no large weights", async () => {
    const bytes = new Message()
      .varint(1, 10)
      .bytes(FIELD.model.graph, new Message().bytes(FIELD.graph.node, BRANCH).bytes(FIELD.graph.initializer, TYPED))
      .build();
    expect(await readSkeleton(source(bytes), "m.onnx")).toEqual(bytes);
  });

  it("is read once from front to back, without the weights", async () => {
    const read = source(file());
    const told: number[] = [];
    await readSkeleton(read, "m.onnx", { onProgress: (passed) => told.push(passed) });
    expect(bytesRead(read)).toBeLessThan(MIB / 4);
    expect(read.reads.length).toBeLessThan(6);
    expect(told.at(-1)).toBeGreaterThan(2 * MIB);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it("is refused if it exceeds the limit, before more than the limit is read", async () => {
    const bytes = file((graph) => graph.bytes(FIELD.graph.name, LARGE));
    const read = source(bytes);
    await expect(readSkeleton(read, "m.onnx", { maxBytes: 100_000 })).rejects.toMatchObject({
      code: "unsupported-model",
    });
    expect(bytesRead(read)).toBeLessThan(200_000);
    expect((await readSkeleton(source(bytes), "m.onnx")).length).toBeGreaterThan(MIB);
  });
});

/** Layers of weights as exporters write them: alike, but for names that grow. */
function layered(layers: number): Uint8Array<ArrayBuffer> {
  return file((graph) => {
    for (let layer = 0; layer < layers; layer++) {
      for (const [index, kib] of [64, 192, 24, 64, 24, 2, 128].entries()) {
        const bytes = kib * 1024;
        const name = `layers.${layer}.weight.${index}`;
        graph.bytes(FIELD.graph.initializer, floats(name, bytes, LARGE.subarray(index, index + bytes)));
      }
    }
  });
}

/** A source that answers all reads of a moment together, and counts these moments. */
function distant(bytes: Uint8Array) {
  const waiting: (() => void)[] = [];
  const seen = { trips: 0, bytes: 0, reads: 0 };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    expect(offset >= 0 && length > 0 && offset + length <= bytes.length).toBe(true);
    seen.bytes += length;
    seen.reads++;
    if (waiting.length === 0) {
      setImmediate(() => {
        seen.trips++;
        for (const go of waiting.splice(0)) go();
      });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
    return bytes.slice(offset, offset + length);
  };
  return { source: { bytes: bytes.length, read }, seen };
}

describe("a graph on a distant host", () => {
  it("is read in few round trips once the pattern of its layers is known", async () => {
    const bytes = layered(30);
    const [one, many] = [distant(bytes), distant(bytes)];
    const expected = await readSkeleton(one.source, "m.onnx");
    expect(await readSkeleton(many.source, "m.onnx", { readsAtOnce: 6 })).toEqual(expected);
    expect(one.seen.trips).toBeGreaterThan(150);
    expect(many.seen.trips).toBeLessThan(one.seen.trips / 3);
    expect(many.seen.bytes).toBeLessThan(1.2 * one.seen.bytes);
  });

  it("is read all the same where guesses are wrong, with little in vain", async () => {
    // Sizes from a sequence that has patterns which break.
    const sizes = Array.from({ length: 200 }, (_, i) => 20_000 + 4096 * [0, 1, 2, 3, (i * i) % 7][i % 5]!);
    const bytes = file((graph) => {
      for (const [index, size] of sizes.entries()) {
        graph.bytes(FIELD.graph.initializer, floats(`w${index}`, size, LARGE.subarray(0, size)));
      }
    });
    const [one, many] = [distant(bytes), distant(bytes)];
    const expected = await readSkeleton(one.source, "m.onnx");
    expect(await readSkeleton(many.source, "m.onnx", { readsAtOnce: 6 })).toEqual(expected);
    expect(many.seen.reads).toBeLessThan(3 * one.seen.reads);
  });

  it("is not given if a read that turns out to be needed fails", async () => {
    const bytes = layered(30);
    const { source: good } = distant(bytes);
    const read = (offset: number, length: number) =>
      offset > bytes.length / 2 ? Promise.reject(new Error("cut")) : good.read(offset, length);
    await expect(readSkeleton({ bytes: bytes.length, read }, "m.onnx", { readsAtOnce: 6 })).rejects.toThrow("cut");
  });
});

describe("a file that lies", () => {
  const refused = (bytes: Uint8Array, code: string) =>
    expect(readSkeleton(source(bytes), "m.onnx")).rejects.toMatchObject({ code });
  /** A field's tag and a length, without that much content. */
  const claim = (field: number, length: number): Uint8Array => {
    const whole = new Message().bytes(field, new Uint8Array(0)).build().slice(0, -1);
    const varint = new Message().varint(1, length).build().slice(1);
    return new Uint8Array([...whole, ...varint]);
  };

  it.each([0, 1, 100, MIB, MIB + 3_000])("and ends %i bytes early is refused", async (missing) => {
    const bytes = file();
    if (missing > 0) await refused(bytes.slice(0, -missing), "file-corrupt");
    const weight = floats("d", MIB, LARGE).build();
    await refused(
      file((graph) => graph.raw(claim(FIELD.graph.initializer, weight.length + missing + 1), weight)),
      "file-corrupt",
    );
  });

  it.each([2 ** 31, 2 ** 40, 2 ** 53, 2 ** 63])("about the length of a field (%d) is refused", async (length) => {
    for (const field of [FIELD.graph.node, FIELD.graph.initializer, FIELD.graph.name]) {
      await refused(
        file((graph) => graph.raw(claim(field, length))),
        "file-corrupt",
      );
    }
    const tensor = new Message().raw(claim(FIELD.tensor.raw, length));
    await refused(
      file((graph) => graph.bytes(FIELD.graph.initializer, tensor)),
      "file-corrupt",
    );
  });

  it("about where a weight lies is refused", async () => {
    const both = floats("d", 4096, LARGE.subarray(0, 4096)).bytes(FIELD.tensor.external, new Message());
    await refused(
      file((graph) => graph.bytes(FIELD.graph.initializer, both)),
      "file-corrupt",
    );
  });

  it("and is larger than a graph can be is refused unread", async () => {
    const read = { bytes: 2 ** 31 + 1, read: () => Promise.reject(new Error("it was read")) };
    await expect(readSkeleton(read, "m.onnx")).rejects.toMatchObject({ code: "file-corrupt" });
  });

  it("with a million empty fields is refused", async () => {
    const empty = new Uint8Array(3 * MIB).map((_, i) => (i % 2 === 0 ? (FIELD.graph.valueInfo << 3) | 2 : 0));
    await refused(
      file((graph) => graph.raw(empty)),
      "file-corrupt",
    );
  });

  it.each(["<!doctype html><title>404</title>", "", "version https://git-lfs.github.com/spec/v1"])(
    "because it is something else (%j) is refused like any other",
    async (text) => {
      const bytes = new TextEncoder().encode(text);
      await expect(readSkeleton(source(bytes), "m.onnx").then(readGraph)).rejects.toMatchObject({
        code: "not-a-model",
      });
    },
  );

  it("anywhere gives a graph that can be read, or is refused", async () => {
    const bytes = file();
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const early = fc.tuple(fc.nat(500), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(damage, early), { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        try {
          const skeleton = await readSkeleton(source(changed), "m.onnx");
          expect(skeleton.length).toBeLessThan(changed.length + 1000);
          readGraph(skeleton);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(not-a-model|file-corrupt)$/) as unknown });
        }
      }),
      { numRuns: 300 },
    );
  });
});
