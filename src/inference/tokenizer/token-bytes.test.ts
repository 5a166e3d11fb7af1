import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, utf8 } from "../../core";
import { guideFile } from "../testing/node";
import { tokenBytes } from "./token-bytes";
import { ChatTokenizer } from "./tokenizer";

const LLAMA = {
  type: "Sequence",
  decoders: [
    { type: "Replace", pattern: { String: "▁" }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ],
};

describe("the bytes of a token", () => {
  it("join to the bytes of any text", async () => {
    const tokenizer = await ChatTokenizer.parse({
      tokenizer: guideFile("tokenizer.json"),
      config: guideFile("tokenizer_config.json"),
      template: undefined,
    });
    const text = fc.string({ unit: fc.oneof(fc.constantFrom("é", "👍🏽", "\u0000", "\n", " "), fc.string()) });
    fc.assert(
      fc.property(text, (some) => {
        const clean = some.replaceAll("\ufdd0", "");
        expect(concat(...tokenizer.encode(clean).map((id) => tokenizer.bytesOf(id)))).toEqual(utf8(clean));
      }),
    );
    // A control token is no text.
    expect(tokenizer.bytesOf(tokenizer.endIds[0]!)).toEqual(new Uint8Array());
    expect(tokenizer.bytesOf(1e6)).toEqual(new Uint8Array());
  });

  it.each([
    [LLAMA, "▁Hi▁", " Hi "],
    [LLAMA, "<0x0A>", "\n"],
    [LLAMA, "<0x0A>x", "<0x0A>x"],
    [{ type: "Metaspace", replacement: "_" }, "_Hi", " Hi"],
    [{ type: "Metaspace", replacement: "_" }, "<0x0A>", "<0x0A>"],
    [{ type: "ByteLevel" }, "ĠHiĊ", " Hi\n"],
    // Text that is not written in the alphabet of bytes.
    [{ type: "ByteLevel" }, "日本", "日本"],
    [null, "Hi", "Hi"],
  ])("%j writes %j as %j", (decoder, token, text) => {
    expect(tokenBytes(decoder)?.(token)).toEqual(utf8(text));
  });

  it("of a fallback may be a part of a character", () => {
    expect(tokenBytes(LLAMA)?.("<0xF0>")).toEqual(Uint8Array.of(0xf0));
    expect(tokenBytes({ type: "ByteLevel" })?.("ðŁ")).toEqual(Uint8Array.of(0xf0, 0x9f));
  });

  it("is not told for decoders that do more than replace characters", () => {
    expect(tokenBytes({ type: "WordPiece", prefix: "##" })).toBeUndefined();
  });
});
