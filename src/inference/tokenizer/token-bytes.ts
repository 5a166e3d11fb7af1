/** The bytes of single tokens, which may be parts of characters. */
import * as v from "valibot";
import { utf8 } from "../../core";

type Bytes = Uint8Array<ArrayBuffer>;

/** A decoder of `tokenizer.json`, or a step of one. */
const Decoder = v.looseObject({
  type: v.string(),
  decoders: v.fallback(v.optional(v.array(v.unknown())), undefined),
  pattern: v.fallback(v.optional(v.object({ String: v.string() })), undefined),
  content: v.fallback(v.optional(v.string()), undefined),
  replacement: v.fallback(v.optional(v.string()), undefined),
});

const BYTE_FALLBACK = /^<0x([0-9A-Fa-f]{2})>$/;

/**
 * How a tokenizer with this decoder writes a token. Bytes of neighbours join to the text; only the first space of a text may
 * be missing there. Undefined if that takes more than replacing characters.
 */
export function tokenBytes(decoder: unknown): ((token: string) => Bytes) | undefined {
  const steps = stepsOf(decoder);
  if (steps.some(({ type }) => type === "ByteLevel")) return byteLevelBytes;
  const fallback = steps.some(({ type }) => type === "ByteFallback");
  const replaced: (readonly [string, string])[] = [];
  for (const { type, pattern, content, replacement } of steps) {
    if (type === "Metaspace") replaced.push([replacement ?? "▁", " "]);
    else if (type === "Replace" && pattern && content !== undefined) replaced.push([pattern.String, content]);
    else if (!["ByteFallback", "Fuse", "Strip"].includes(type)) return undefined;
  }
  return (token) => {
    const byte = fallback ? BYTE_FALLBACK.exec(token)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    return utf8(replaced.reduce((text, [from, to]) => text.replaceAll(from, to), token));
  };
}

function stepsOf(decoder: unknown): v.InferOutput<typeof Decoder>[] {
  const result = v.safeParse(Decoder, decoder);
  if (!result.success) return [];
  return result.output.type === "Sequence" ? (result.output.decoders ?? []).flatMap(stepsOf) : [result.output];
}

/** The alphabet of GPT-2: printable bytes stand for themselves, the others for the characters from U+0100 on. */
const BYTE_OF_CHAR: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  const bytes = new Map<string, number>();
  let others = 0;
  for (let byte = 0; byte < 256; byte++) {
    bytes.set(String.fromCharCode(isPrintable(byte) ? byte : 256 + others++), byte);
  }
  return bytes;
})();

function byteLevelBytes(token: string): Bytes {
  const bytes = Array.from(token, (char) => BYTE_OF_CHAR.get(char));
  // Tokens that somebody added later are plain text.
  return bytes.includes(undefined) ? utf8(token) : Uint8Array.from(bytes as number[]);
}
