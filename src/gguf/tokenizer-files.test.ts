/** Tokenizers of GGUF files as other formats have them. `scripts/real-models/` compares them with llama.cpp. */
import { describe, expect, it } from "vitest";
import { readGguf, tokenizerFiles } from ".";
import { fileSource, MicrogridError } from "../core";
import { ChatTokenizer } from "../inference/tokenizer";
import { byteLevelKeys, sentencePieceKeys, type SmallVocabulary } from "./testing/vocabularies";
import { type TypedValue, value, writeGguf } from "./testing/writer";

type Keys = Readonly<Record<string, TypedValue>>;

async function filesOf(keys: Keys): Promise<ReturnType<typeof tokenizerFiles>> {
  const file = new Blob([writeGguf({ "general.architecture": value.text("llama"), ...keys })]);
  return tokenizerFiles((await readGguf(fileSource(file, new AbortController().signal))).metadata);
}

async function parsed(keys: Keys): Promise<ChatTokenizer> {
  const template = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}";
  return ChatTokenizer.parse({
    ...(await filesOf({ ...keys, "tokenizer.chat_template": value.text(template) })),
    template: undefined,
  });
}

/** Texts of the tokens that a text is cut into. */
async function cut(keys: Keys, text: string): Promise<string[]> {
  const tokenizer = await parsed(keys);
  return tokenizer.encode(text).map((id) => tokenizer.decode([id]));
}

describe("the byte-level tokenizer of a GGUF file", () => {
  // All neighbours in the texts below have merges, so that only splits come between them.
  const merges = ["1 2", "12 3", "123 4", "' s", "' S", "a l", "al l", "! !", "!! Ċ", "Ċ Ċ", "Ġ all", "Ġ Ġ", "a A"];

  it.each([
    ["gpt-2", "1234", ["1234"]],
    ["smollm", "1234", ["1", "2", "3", "4"]],
    ["llama-bpe", "1234", ["123", "4"]],
    ["qwen2", "1234", ["1", "2", "3", "4"]],
    ["falcon", "1234", ["123", "4"]],
    ["gpt-2", "all's", ["all", "'s"]],
    ["gpt-2", "ALL'S", ["A", "L", "L", "'", "S"]],
    ["llama-bpe", "ALL'S", ["A", "L", "L", "'S"]],
    ["gpt-2", "  all", [" ", " all"]],
    ["qwen2", "!!\n\n", ["!!\n", "\n"]],
    ["gpt-2", "!!\n\n", ["!!", "\n\n"]],
    ["default", "!!all", ["!!", "all"]],
    ["gpt-2", "aA", ["aA"]],
    ["gpt-4o", "aA", ["a", "A"]],
    ["deepseek-coder", "!!\n\n", ["!!", "\n", "\n"]],
  ])("splits as %s: %j", async (pre, text, expected) => {
    expect(await cut(byteLevelKeys(pre, merges), text)).toEqual(expected);
  });

  it("splits as the default where the file does not say how", async () => {
    expect(await filesOf(byteLevelKeys(undefined, merges))).toEqual(await filesOf(byteLevelKeys("default", merges)));
  });

  it("gives back what it has cut, and takes control tokens in a text for text", async () => {
    const tokenizer = await parsed(byteLevelKeys("llama-bpe", merges));
    for (const text of ["  all 1234's\n\n é 日本 😀", "a<|end|>b"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encodePrompt("<|end|>")).toEqual([1]);
    expect(tokenizer.encode("<|end|>")).not.toContain(1);
    expect(tokenizer.endIds).toEqual([1]);
    expect(tokenizer.read([{ role: "user", content: "a" }])).toEqual([0, tokenizer.encode("a")[0], 1]);
  });

  it("puts the first token before a text where the file or the kind says so", async () => {
    const own = (keys: Keys) => parsed(keys).then((tokenizer) => tokenizer.encodeText("1"));
    const one = (await parsed(byteLevelKeys("qwen2", merges))).encode("1");
    expect(await own(byteLevelKeys("qwen2", merges))).toEqual(one);
    expect(await own(byteLevelKeys("llama-bpe", merges))).toEqual([0, ...one]);
    const says = (truth: boolean): Keys => ({ "tokenizer.ggml.add_bos_token": value.bool(truth) });
    expect(await own({ ...byteLevelKeys("qwen2", merges), ...says(true) })).toEqual([0, ...one]);
    expect(await own({ ...byteLevelKeys("llama-bpe", merges), ...says(false) })).toEqual(one);
  });

  it("keeps a word that is a token whole where its kind does so", async () => {
    // No merge leads to “lla”, which stands in the list of merges so that it is a token.
    const keys = { ...byteLevelKeys("llama-bpe", ["a l", "al l", "l la"]) };
    expect(await cut(keys, "lla")).toEqual(["lla"]);
    expect(await cut({ ...keys, "tokenizer.ggml.pre": value.text("qwen2") }, "lla")).toEqual(["l", "l", "a"]);
  });
});

describe("the SentencePiece tokenizer of a GGUF file", () => {
  const tokens: SmallVocabulary = [
    ["▁", 1, -9],
    ["a", 1, -10],
    ["b", 1, -11],
    ["c", 1, -12],
    ["ab", 1, -2],
    ["bc", 1, -1],
    ["▁a", 1, -3],
    ["▁ab", 1, -5],
    ["😀", 1, -13],
    ["😀b", 1, -6],
    ["<mark>", 4],
  ];
  const keys = sentencePieceKeys(tokens);
  const plain = { ...keys, "tokenizer.ggml.add_space_prefix": value.bool(false) };
  const named = async (own: Keys, text: string): Promise<string[]> => {
    const names = ["<unk>", "<s>", "</s>", ...Array.from({ length: 256 }, (_, byte) => `byte ${byte}`)];
    const all = [...names, ...tokens.map(([token]) => token)];
    return (await parsed(own)).encode(text).map((id) => all[id]!);
  };

  it("joins the neighbours with the best score first", async () => {
    expect(await named(plain, "abc")).toEqual(["a", "bc"]);
    expect(await named(plain, "ab")).toEqual(["ab"]);
    expect(await named(plain, "😀b")).toEqual(["😀b"]);
  });

  it("writes a space before a text, unless the file says otherwise", async () => {
    expect(await named(keys, "ab")).toEqual(["▁ab"]);
    expect(await named(keys, "a a")).toEqual(["▁a", "▁a"]);
    const tokenizer = await parsed(keys);
    expect(tokenizer.decode(tokenizer.encode("a a"))).toBe("a a");
    expect(tokenizer.decode((await parsed(plain)).encode(" a a"))).toBe("a a");
  });

  it("writes characters without a token as bytes", async () => {
    expect(await named(plain, "é")).toEqual(["byte 195", "byte 169"]);
    const tokenizer = await parsed(plain);
    expect(tokenizer.decode(tokenizer.encode("aé日b"))).toBe("aé日b");
  });

  it("finds tokens that users have added, and takes control tokens in a text for text", async () => {
    expect(await named(plain, "a<mark>b")).toEqual(["a", "<mark>", "b"]);
    const tokenizer = await parsed(plain);
    expect(tokenizer.encodePrompt("</s>")).toEqual([2]);
    expect(tokenizer.encode("</s><unk>").every((id) => id > 2)).toBe(true);
    expect(tokenizer.encodeText("a")).toEqual([1, ...tokenizer.encode("a")]);
  });
});

describe("a tokenizer that cannot be used", () => {
  const good = byteLevelKeys("gpt-2", ["a b"]);
  const texts = (...items: string[]): TypedValue => value.list(items.map(value.text));
  const spm = sentencePieceKeys([["a", 1]]);

  it.each([
    ["a kind that is not known", { ...good, "tokenizer.ggml.model": value.text("t5") }, "unsupported-model", /“t5”/],
    ["unknown splits", { ...good, "tokenizer.ggml.pre": value.text("new") }, "unsupported-model", /“new”/],
    ["no tokenizer", { "tokenizer.ggml.tokens": texts("a") }, "unsupported-model", /no tokenizer/],
    ["no vocabulary", { "tokenizer.ggml.model": value.text("gpt2") }, "unsupported-model", /no vocabulary/],
    ["a token twice", { ...good, "tokenizer.ggml.tokens": texts("a", "a") }, "not-a-model", /twice/],
    ["half a merge", { ...good, "tokenizer.ggml.merges": texts("ab") }, "not-a-model", /only one part/],
    ["numbers for merges", { ...good, "tokenizer.ggml.merges": value.uint32(1) }, "not-a-model", /no merges/],
    ["too few kinds", { ...good, "tokenizer.ggml.token_type": value.list([value.int32(1)]) }, "not-a-model", /shorter/],
    ["no scores", { ...spm, "tokenizer.ggml.scores": value.bool(true) }, "not-a-model", /no scores/],
    ["endless tokens", sentencePieceKeys([["a".repeat(20_000), 1]]), "not-a-model", /longer than those/],
  ])("is refused for %s", async (_, keys, code, why) => {
    const error = await filesOf(keys).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MicrogridError);
    expect((error as MicrogridError).code).toBe(code);
    expect((error as MicrogridError).message).toMatch(why);
  });

  it.each([
    ["tokens", 2 ** 20, { merges: ["a b"] }],
    ["merges", 2 ** 21, { tokens: ["a", "b"] }],
  ])("is refused for endless %s", (list, most, lists) => {
    const metadata = { model: "gpt2", pre: "gpt-2", ...lists, [list]: new Array<string>(most + 1).fill("a") };
    const keys = Object.entries(metadata).map(([key, content]) => [`tokenizer.ggml.${key}`, content] as const);
    expect(() => tokenizerFiles(new Map(keys))).toThrow(
      expect.objectContaining({ code: "not-a-model", message: expect.stringContaining(`more than ${most}`) as string }),
    );
  });
});
