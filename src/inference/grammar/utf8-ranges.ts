/** Ranges of characters as ranges of bytes. */
import { utf8 } from "../../core";
import type { CodeRange } from "./expressions";

/** Bytes from the first to the last, both included. */
export type ByteRange = readonly [first: number, last: number];

/** Last code points that take 1, 2, 3 and 4 bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff] as const;
const CONTINUATION_BITS = 6;

/**
 * The UTF-8 of a range of characters, which contains no surrogates: each sequence stands for all texts whose bytes are in
 * its ranges.
 */
export function utf8Ranges([first, last]: CodeRange): readonly (readonly ByteRange[])[] {
  if (first > last) return [];
  for (const end of LAST_OF_LENGTH) {
    if (first <= end && end < last) return [...utf8Ranges([first, end]), ...utf8Ranges([end + 1, last])];
  }
  const length = LAST_OF_LENGTH.findIndex((end) => last <= end) + 1;
  // Split until all bytes behind the first difference run through all their values.
  for (let tail = 1; tail < length; tail++) {
    const mask = (1 << (CONTINUATION_BITS * tail)) - 1;
    if ((first & ~mask) === (last & ~mask)) continue;
    if ((first & mask) !== 0) return [...utf8Ranges([first, first | mask]), ...utf8Ranges([(first | mask) + 1, last])];
    if ((last & mask) !== mask)
      return [...utf8Ranges([first, (last & ~mask) - 1]), ...utf8Ranges([last & ~mask, last])];
  }
  const [from, to] = [bytesOf(first), bytesOf(last)];
  return [Array.from(from, (byte, at) => [byte, to[at]!] as const)];
}

function bytesOf(code: number): Uint8Array {
  return utf8(String.fromCodePoint(code));
}
