/** The facts of models in GGUF files, how little of a file is read for them, and files that lie. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GgufFacts, readGguf } from ".";
import { fileSource, MicrogridError, type RangeSource } from "../core";
import { readGgufHeader } from "./header";
import { tinyLlama } from "./testing/tiny-llama";
import { joined, sizeBytes, type TypedValue, value, writeGguf } from "./testing/writer";

const { signal } = new AbortController();
const texts = (items: readonly string[]): TypedValue => value.list(items.map(value.text));

const KEYS = {
  "general.architecture": value.text("llama"),
  "general.name": value.text("Tiny"),
  "general.license": value.text("apache-2.0"),
  "general.file_type": value.uint32(15),
  "llama.context_length": value.uint32(2048),
  "llama.block_count": value.uint32(3),
  "tokenizer.ggml.model": value.text("gpt2"),
  "tokenizer.ggml.tokens": texts(["a", "b", "c"]),
  "tokenizer.ggml.bos_token_id": value.uint32(1),
  "tokenizer.ggml.eos_token_id": value.uint32(2),
  "tokenizer.ggml.eot_token_id": value.uint32(7),
  "tokenizer.ggml.add_bos_token": value.bool(false),
  "tokenizer.chat_template": value.text("{{ messages }}"),
};
const TENSORS = [
  { name: "token_embd.weight", dims: [32, 3], format: 8, bytes: new Uint8Array(3 * 34) },
  { name: "output_norm.weight", dims: [32], format: 0, bytes: new Uint8Array(128) },
];

/** A file that counts how much of it is read. */
function counted(bytes: Uint8Array): RangeSource & { readonly reads: number[] } {
  const reads: number[] = [];
  return {
    ...{ bytes: bytes.length, reads },
    read: (offset, length) => {
      expect(offset + length).toBeLessThanOrEqual(bytes.length);
      reads.push(length);
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
  };
}

const read = (bytes: Uint8Array): Promise<GgufFacts> => readGguf(counted(bytes));
const failure = (bytes: Uint8Array): Promise<unknown> => read(bytes).catch((error: unknown) => error);

async function expectRefused(bytes: Uint8Array, why: RegExp): Promise<void> {
  const error = await failure(bytes);
  expect(error).toBeInstanceOf(MicrogridError);
  expect((error as MicrogridError).code).toBe("not-a-model");
  expect((error as MicrogridError).message).toMatch(why);
}

describe("the facts of a GGUF file", () => {
  it("are those of its metadata and tensors", async () => {
    const { metadata, ...facts } = await read(writeGguf(KEYS, TENSORS));
    expect(facts).toEqual({
      ...{ architecture: "llama", name: "Tiny", license: "apache-2.0", fileType: "Q4_K_M" },
      ...{ contextLength: 2048, layers: 3, parameters: 128, weightBytes: 230, vocabularySize: 3 },
      chatTemplate: "{{ messages }}",
      // The id of `eot` is outside of the vocabulary.
      tokens: { bos: 1, eos: 2, eot: undefined, addBos: false },
      ...{ split: undefined, embeds: false },
    });
    expect(metadata.get("tokenizer.ggml.tokens")).toEqual(["a", "b", "c"]);
  });

  it("are those of a whole model", async () => {
    const file = tinyLlama({ layers: 3 });
    const { parameters, weightBytes, ...facts } = await read(file);
    expect(facts).toMatchObject({ name: "Tiny", fileType: "F32", layers: 3, contextLength: 256, vocabularySize: 264 });
    // Two tables, two matrices of each width of attention, three of the layers between, and norms.
    expect(parameters).toBe(2 * 264 * 32 + 3 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64 + 2 * 32) + 32);
    expect(weightBytes).toBe(4 * parameters);
    expect(tinyLlama({ layers: 3 })).toEqual(file);
    expect(tinyLlama({ layers: 3, seed: 2 })).not.toEqual(file);
  });

  it("can be missing, except for the architecture", async () => {
    const facts = await read(writeGguf({ "general.architecture": value.text("x"), "x.block_count": value.text("3") }));
    expect(facts).toMatchObject({ architecture: "x", name: undefined, layers: undefined, vocabularySize: undefined });
    await expectRefused(writeGguf({}), /does not name the architecture/);
  });

  it("tell which part of a split model the file is", async () => {
    const split = { "split.count": value.uint32(3), "split.no": value.uint32(1) };
    expect((await read(writeGguf({ ...KEYS, ...split }))).split).toEqual({ count: 3, index: 1 });
  });

  it("tell embedders by their architecture, or by how they pool", async () => {
    const architecture = (name: string, pooling = 0) =>
      read(
        writeGguf({ "general.architecture": value.text(name), [`${name}.pooling_type`]: value.uint32(pooling) }),
      ).then(({ embeds }) => embeds);
    expect(await architecture("nomic-bert")).toBe(true);
    expect(await architecture("qwen3", 3)).toBe(true);
    // A reranker gives one number for two texts.
    expect(await architecture("qwen3", 4)).toBe(false);
    expect(await architecture("qwen3")).toBe(false);
  });

  it.each([
    ["general.type", value.text("adapter"), /of the type “adapter”/],
    ["general.architecture", value.text("clip"), /reads images/],
  ])("refuse a part of a model by %s", async (key, part, why) => {
    const error = (await failure(writeGguf({ ...KEYS, [key]: part }))) as MicrogridError;
    expect(error.code).toBe("unsupported-model");
    expect(error.message).toMatch(why);
  });

  it("keep byte order marks, large numbers and lists of all types", async () => {
    const header = await readGgufHeader(
      counted(
        writeGguf({
          texts: texts(["\uFEFF", "\uFEFFa"]),
          floats: value.list([value.float32(0.5), value.float32(-2)]),
          large: { type: 10, bytes: sizeBytes(2n ** 63n) },
          negative: value.int32(-7),
          empty: texts([]),
        }),
      ),
    );
    expect([...header.metadata]).toEqual([
      ...[["texts", ["\uFEFF", "\uFEFFa"]] as const, ["floats", [0.5, -2]] as const],
      ...[["large", 2 ** 63] as const, ["negative", -7] as const, ["empty", []] as const],
    ]);
  });

  it("take few reads, and none of the weights", async () => {
    const tokens = Array.from({ length: 50_000 }, (_, index) => `token ${index}`);
    const weights = { name: "w", dims: [2 ** 20, 8], format: 0, bytes: new Uint8Array(2 ** 25) };
    const source = counted(writeGguf({ ...KEYS, "tokenizer.ggml.tokens": texts(tokens) }, [weights]));
    const { vocabularySize, metadata } = await readGguf(source);
    expect(vocabularySize).toBe(50_000);
    expect(metadata.get("tokenizer.ggml.tokens")).toEqual(tokens);
    expect(source.reads.length).toBeLessThanOrEqual(2);
    expect(source.reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(2 ** 21);
  });

  it("are not read any further after an abort", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(readGguf(fileSource(new Blob([writeGguf(KEYS)]), controller.signal))).rejects.toThrow("enough");
    await expect(readGguf(fileSource(new Blob([writeGguf(KEYS)]), signal))).resolves.toBeDefined();
  });
});

describe("a GGUF file that lies", () => {
  const whole = writeGguf(KEYS, TENSORS);

  it("is refused wherever it is cut off", async () => {
    for (let length = 0; length < whole.length - 31; length += 3) {
      await expectRefused(whole.subarray(0, length), /./);
    }
  });

  it.each([
    ["another format", new TextEncoder().encode("PK and much more than a head"), /letters GGUF/],
    ["an unknown version", writeGguf(KEYS, [], { version: 4 }), /version is 4/],
    ["the first version", writeGguf(KEYS, [], { version: 1 }), /version is 1/],
    ["the other order of bytes", writeGguf(KEYS, [], { version: 3 * 2 ** 24 }), /another order of bytes/],
    ["too many tensors", writeGguf(KEYS, [], { tensors: 2n ** 63n }), /number of tensors is larger/],
    ["too many keys", writeGguf(KEYS, [], { keys: 2n ** 40n }), /number of keys is larger/],
    ["an unknown type", writeGguf({ a: { type: 13, bytes: new Uint8Array(8) } }), /unknown type 13/],
    ["a list in a list", writeGguf({ a: value.list([value.list([])]) }), /unknown type 9/],
    ["an endless text", writeGguf({ a: { type: 8, bytes: sizeBytes(2n ** 62n) } }), /length of a text is larger/],
    ["an endless list", writeGguf({ a: { ...value.list([]), bytes: longList(2n ** 62n, 0) } }), /length of a list/],
    ["a strange alignment", writeGguf({ ...KEYS, "general.alignment": value.uint32(24) }), /no power of two/],
    ["a huge tensor", writeGguf(KEYS, [{ ...TENSORS[1]!, dims: [128, 128, 128, 128] }]), /shorter than its tensors/],
    ["part of a block", writeGguf(KEYS, [{ ...TENSORS[0]!, dims: [31] }]), /no number of bytes/],
    ["many dimensions", writeGguf(KEYS, [{ ...TENSORS[1]!, dims: [1, 1, 1, 1, 1] }]), /more than 4 dimensions/],
    ["a key twice", joined(keys(["a", "a"], value.uint32(1))), /twice/],
  ])("is refused with %s", async (_, bytes, why) => {
    await expectRefused(bytes, why);
  });

  it("is refused before a long list is in memory", async () => {
    const zeros = writeGguf({ a: { type: 9, bytes: longList(5_000_000, 5_000_000) } });
    await expectRefused(zeros, /lists are longer/);
    // A text of zeros costs eight bytes, so that many texts fit into few reads.
    const source = counted(writeGguf({ a: { type: 9, bytes: longList(5_000_000, 40_000_000, 8) } }));
    await expect(readGguf(source)).rejects.toThrow(/lists are longer/);
    expect(source.reads).toHaveLength(1);
  });

  it("ends with a header that is longer than any", async () => {
    const names = Array.from({ length: 17 }, (_, index) => `${index}`);
    const file = new Blob(keys(names, value.text("x".repeat(2 ** 22))));
    await expect(readGguf(fileSource(file, signal))).rejects.toThrow(/longer than that of any model/);
    await expectRefused(writeGguf({ a: value.text("x".repeat(2 ** 23)) }), /text in its header is too long/);
  });

  it("never ends in another error, whatever its bytes are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const bytes = whole.slice();
          for (const [at, byte] of changes) bytes[at] = byte;
          const result = await failure(bytes);
          if (result instanceof Error) expect(result).toBeInstanceOf(MicrogridError);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** A list that says it has this many entries of a type, with these zeros. */
function longList(count: number | bigint, zeros: number, type = 0): Uint8Array {
  return joined([Uint8Array.of(type, 0, 0, 0), sizeBytes(count), new Uint8Array(zeros)]);
}

/** The pieces of a file that has these keys with the same value, and nothing behind them. */
function keys(names: readonly string[], { type, bytes }: TypedValue): Uint8Array<ArrayBuffer>[] {
  const head = writeGguf({}, [], { keys: names.length }).slice(0, 24);
  return [head, ...names.map((name) => joined([value.text(name).bytes, Uint8Array.of(type, 0, 0, 0), bytes]))];
}
