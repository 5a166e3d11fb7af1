/** Tests that a stage has exactly its own weights, the right layers, and nothing that reveals token ids. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalBytes } from "../../core";
import { type DecoderShape, randomDecoder } from "../../inference/testing";
import { extractStage, mergeRanges, readDecoder, type StageFile, type StagePiece } from ".";
import { readCheckedGraph } from "./graph";
import { loadStages, loadWhole, splitAt, stageWeights } from "./testing/run-model";

/** Weights of a stage by name, read back out of its own files. */
function weightsOf(stage: StageFile, external: Parameters<typeof stageWeights>[1]): Map<string, Uint8Array> {
  const files = new Map(stageWeights(stage, external).map(({ path, data }) => [path, data]));
  const { constants } = readCheckedGraph(stage.graphBytes);
  return new Map(
    [...constants.values()].flatMap(({ name, external: range }) => {
      const file = range && files.get(range.location);
      return file ? [[name, file.subarray(range.offset, range.offset + range.length)]] : [];
    }),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const message = (text: string): unknown =>
  expect.objectContaining({ message: expect.stringContaining(text) as unknown });

describe("stages", () => {
  it.each<[string, DecoderShape]>([
    ["one file", { bits: 4, zeroPoints: true }],
    ["three files", { externalFiles: ["a.bin", "b.bin", "c.bin"], tied: "codes" }],
    ["no names", { names: "nothing", biases: true }],
  ])("fetch exactly the weights that they use: %s", (_, shape) => {
    const { model, external } = randomDecoder(shape);
    const decoder = readDecoder(model);
    const original = readCheckedGraph(model).constants;
    for (const range of [...splitAt(3, [0, 1, 2, 3]), ...splitAt(3, [2])]) {
      const stage = extractStage(decoder, range);
      const weights = weightsOf(stage, external);
      for (const [name, bytes] of weights) {
        const from = original.get(name)?.external;
        const source = external.find((file) => file.name === from?.location)?.bytes;
        const wanted = source?.subarray(from?.offset, (from?.offset ?? 0) + (from?.length ?? 0));
        // `toEqual` compares byte by byte, as slowly as it compares objects.
        expect(wanted && equalBytes(bytes, wanted), name).toBe(true);
      }
      // Nothing is fetched beside these, and nothing twice.
      expect(sum(stage.pieces.map(({ length }) => length))).toBe(
        sum([...weights.values()].map(({ length }) => length)),
      );
      const { nodes } = readCheckedGraph(stage.graphBytes);
      const used = new Set(nodes.flatMap((node) => [...node.inputs, ...node.captured]));
      expect([...weights.keys()].filter((name) => !used.has(name))).toEqual([]);
    }
  });

  it("weigh as much as the whole together", () => {
    const { model, external } = randomDecoder({ bits: 4 });
    const { embeddingBytes, layerBytes, headBytes } = readDecoder(model);
    const whole = sum(external.map(({ bytes }) => bytes.length));
    const parts = embeddingBytes + headBytes + sum(layerBytes);
    // The rotary tables are in every layer, and small constants stand in the graph.
    expect(parts - whole).toBeGreaterThanOrEqual(0);
    expect(parts - whole).toBeLessThan(2 * 2 * 128 * 8 * 4 + 1024);
  });

  it.each(["layers", "nothing"] as const)(
    "have all matrices of their layers and no others, with names: %s",
    (names) => {
      const decoder = readDecoder(randomDecoder({ names }).model);
      expect(new Set(decoder.layerBytes.map((bytes) => Math.round(bytes / 1024))).size).toBe(1);
      if (names === "nothing") return;
      for (const range of splitAt(3, [0, 1, 2, 3])) {
        const stage = readCheckedGraph(extractStage(decoder, range).graphBytes);
        const layers = [...stage.constants.keys()].flatMap((name) =>
          name.endsWith("MatMul.weight") && name.includes("layers.") ? [name.split(".")[2]] : [],
        );
        const own = Array.from({ length: range.to - range.from }, (_, index) => String(range.from + index));
        expect([...new Set(layers)]).toEqual(own);
      }
    },
  );

  it("take token ids only with the embedding, and need no stand-in for them", () => {
    for (const shape of [{ attention: "primitive", norms: "plain", positions: "rotary" }, {}] as const) {
      const decoder = readDecoder(randomDecoder(shape).model);
      const [first, ...others] = splitAt(3, [0, 1, 3]).map((range) => extractStage(decoder, range));
      expect(first?.feeds.map(({ kind }) => kind)).toContain("token-ids");
      for (const stage of others) {
        expect(stage.feeds.map(({ kind }) => kind)).not.toContain("token-ids");
        expect(stage.feeds.map(({ kind }) => kind)).not.toContain("token-zeros");
        expect(readCheckedGraph(stage.graphBytes).constants.has("model.embed_tokens.weight")).toBe(false);
      }
    }
  });

  it("pass on values that only later stages use", async () => {
    const files = randomDecoder({ layerEmbeddings: true });
    const decoder = readDecoder(files.model);
    expect(decoder.cuts.map(({ tensors }) => tensors.length)).toEqual([2, 3, 3, 1]);
    const middle = extractStage(decoder, { embed: false, from: 1, to: 2, head: false });
    expect(middle.forwarded).toEqual(["/model/layer_embeddings/output_0"]);
    expect(middle.taken).toHaveLength(3);
  });

  it("respect the largest size of a file, and still compute the same", async () => {
    const files = randomDecoder({ bits: 8 });
    const decoder = readDecoder(files.model);
    const maxFileBytes = 20_000;
    const [stage] = splitAt(3, [2]).map((range) => extractStage(decoder, range, { maxFileBytes }));
    expect(stage?.files.length).toBeGreaterThan(4);
    const largest = Math.max(...[...readCheckedGraph(files.model).constants.values()].map(({ bytes }) => bytes));
    for (const { bytes } of stage?.files ?? []) expect(bytes).toBeLessThanOrEqual(Math.max(maxFileBytes, largest + 64));
    const whole = await loadWhole(files);
    const parts = await loadStages(files, decoder, splitAt(3, [2]), { maxFileBytes });
    expect(await parts.run([1, 2, 3])).toEqual(await whole.run([1, 2, 3]));
  });

  it("go back to an earlier token", async () => {
    const files = randomDecoder({});
    const decoder = readDecoder(files.model);
    const stages = await loadStages(files, decoder, splitAt(3, [0, 1, 3]));
    await stages.run([1, 2, 3, 4]);
    const first = await stages.run([5]);
    await stages.run([6, 7]);
    stages.truncate(4);
    expect(await stages.run([5])).toEqual(first);
  });

  it("keep a layer in one stage with the layer whose cache it uses", async () => {
    const files = randomDecoder({ borrowsCacheOf: 1, attention: "primitive", norms: "plain", positions: "learned" });
    const decoder = readDecoder(files.model);
    expect(decoder.layers).toBe(2);
    const whole = await loadWhole(files);
    const stages = await loadStages(files, decoder, splitAt(2, [0, 1, 2]));
    expect(await stages.run([1, 2, 3])).toEqual(await whole.run([1, 2, 3]));
    expect(await stages.run([4])).toEqual(await whole.run([4]));
  });

  it("report the size of their state", () => {
    const decoder = readDecoder(randomDecoder({ mixers: { 0: "convolution", 2: "mamba" } }).model);
    expect(decoder.kvBytesPerToken).toEqual([0, 256, 0]);
    expect(decoder.fixedStateBytes).toEqual([64 * 4 * 4, 0, (80 * 4 + 4 * 16 * 8) * 4]);
    expect(decoder.truncatable).toBe(false);
    expect(readDecoder(randomDecoder({ window: 4 }).model).truncatable).toBe(true);
  });

  it.each([
    { embed: false, from: 2, to: 1, head: false },
    { embed: false, from: 1, to: 1, head: false },
    { embed: true, from: 1, to: 2, head: false },
    { embed: false, from: 0, to: 2, head: true },
    { embed: false, from: 0, to: 4, head: false },
    { embed: false, from: -1, to: 1, head: false },
    { embed: false, from: 0.5, to: 1, head: false },
    { embed: false, from: Number.NaN, to: 1, head: false },
  ])("are refused if the range is invalid: %o", (range) => {
    const decoder = readDecoder(randomDecoder({}).model);
    expect(() => extractStage(decoder, range)).toThrow(expect.objectContaining({ code: "bad-request" }));
  });
});

describe("models that cannot be split", () => {
  it.each<[DecoderShape, string]>([
    [{ flaw: "no-cache", attention: "primitive" }, "no layers with a cache"],
    [{ flaw: "unknown-input" }, "pixel_values"],
    [{ flaw: "ids-inside" }, "look at the token ids"],
    [{ flaw: "ids-passed" }, "look at the token ids"],
    [{ flaw: "inner-files", chosenTables: "inside" }, "inside of an operator"],
    [{ flaw: "shared-cache" }, "share state"],
    [{ flaw: "shared-cache", names: "nothing", attention: "primitive" }, "share state"],
    [{ borrowsCacheOf: 0, attention: "primitive", norms: "plain", names: "nothing" }, "share state"],
    [{ pastName: "past_encoder" }, "past_encoder.0.key"],
  ])("%o: the reason is named", (shape, reason) => {
    const { model } = randomDecoder(shape);
    expect(() => readDecoder(model)).toThrow(expect.objectContaining({ code: "unsupported-model" }));
    expect(() => readDecoder(model)).toThrow(message(reason));
  });
});

describe("mergeRanges", () => {
  const piece = fc.record({
    location: fc.constantFrom("a", "b"),
    offset: fc.nat(1000),
    length: fc.integer({ min: 1, max: 50 }),
    file: fc.constant("stage.0"),
    at: fc.nat(),
  });

  it("covers every piece, and bridges no gap above the limit", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(60), (pieces: StagePiece[], gap) => {
        const requests = mergeRanges(pieces, { gap, max: 2 ** 30 });
        expect(requests.flatMap((request) => request.pieces)).toHaveLength(pieces.length);
        const covered = new Set(pieces.flatMap(({ location, offset, length }) => bytesOf(location, offset, length)));
        for (const { location, offset, length, pieces: own } of requests) {
          for (const one of own) {
            expect(one.location).toBe(location);
            expect(one.offset).toBeGreaterThanOrEqual(offset);
            expect(one.offset + one.length).toBeLessThanOrEqual(offset + length);
          }
          let idle = 0;
          for (const byte of bytesOf(location, offset, length)) {
            idle = covered.has(byte) ? 0 : idle + 1;
            expect(idle).toBeLessThanOrEqual(gap);
          }
        }
        for (const [index, one] of requests.entries()) {
          const next = requests[index + 1];
          if (next?.location !== one.location) continue;
          const idle = next.offset - one.offset - one.length;
          const wanted = sum([...one.pieces, next.pieces[0]!].map(({ length }) => length));
          const joined = Math.max(next.offset + next.pieces[0]!.length - one.offset, one.length);
          expect(idle > gap || joined > 2 * wanted).toBe(true);
        }
        expect(sum(requests.map(({ length }) => length))).toBeLessThanOrEqual(
          2 * sum(pieces.map(({ length }) => length)),
        );
      }),
    );
  });

  it("requests at most `max` bytes at once, and each byte of a piece once", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (pieces: StagePiece[], max) => {
        const requests = mergeRanges(pieces, { gap: 10, max });
        for (const { length } of requests) expect(length).toBeLessThanOrEqual(max);
        const places = (all: readonly StagePiece[]): string[] =>
          all.flatMap(({ location, offset, length, at }) =>
            Array.from({ length }, (_, index) => `${location}${offset + index} to ${at + index}`),
          );
        expect(places(requests.flatMap((request) => request.pieces)).sort()).toEqual(places(pieces).sort());
      }),
    );
  });

  it("does not fetch a gap for each of many tiny pieces", () => {
    const pieces = Array.from({ length: 100 }, (_, index) => ({
      location: "a",
      offset: index * 1000,
      length: 1,
      file: "stage.0",
      at: index,
    }));
    const requests = mergeRanges(pieces, { gap: 1000, max: 2 ** 30 });
    expect(sum(requests.map(({ length }) => length))).toBe(100);
    // A large one beside them is worth it.
    const large = { location: "a", offset: 900, length: 5000, file: "stage.0", at: 100 };
    expect(mergeRanges([...pieces.slice(0, 1), large], { gap: 1000, max: 2 ** 30 })).toHaveLength(1);
  });

  function bytesOf(location: string, offset: number, length: number): string[] {
    return Array.from({ length }, (_, index) => `${location}${offset + index}`);
  }

  it("makes one request for a layer that is stored in one place", () => {
    const decoder = readDecoder(randomDecoder({ bits: 4 }).model);
    const { pieces } = extractStage(decoder, { embed: false, from: 1, to: 2, head: false });
    expect(pieces.length).toBeLessThanOrEqual(3);
    expect(mergeRanges(pieces, { gap: 1 << 20, max: 2 ** 30 })).toHaveLength(1);
  });
});
