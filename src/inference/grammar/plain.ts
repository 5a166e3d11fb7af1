/**
 * Plain characters: all that strings of JSON contain as they are. Formats mostly treat them alike, and most tokens of a model
 * contain nothing else, so these need not be looked at one by one.
 */
import { complement } from "./expressions";
import { type ByteRange, utf8Ranges } from "./utf8-ranges";

const CONTROLS = [0, 0x1f] as const;
const QUOTE = [0x22, 0x22] as const;
const BACKSLASH = [0x5c, 0x5c] as const;
const DELETE = [0x7f, 0x7f] as const;

/** The bytes of all plain characters. */
const SEQUENCES = complement([CONTROLS, QUOTE, BACKSLASH, DELETE]).flatMap((range) => utf8Ranges(range));
const classOf = (range: ByteRange): string =>
  `[${range.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("-")}]`;
const PLAIN = new RegExp(`^(?:${SEQUENCES.map((ranges) => ranges.map(classOf).join("")).join("|")})+$`);

/** The number of characters of a text that is given as bytes; undefined if not all are plain and whole. */
export function plainLength(key: string): number | undefined {
  if (!PLAIN.test(key)) return undefined;
  let length = 0;
  for (let at = 0; at < key.length; at++) if ((key.charCodeAt(at) & 0xc0) !== 0x80) length++;
  return length;
}

/** The state after a plain character: `none` if none of them may follow, `varied` if that depends on which it is. */
export type AfterPlain<S> = S | "none" | "varied";

interface Followed<S> {
  after(byte: number): S | undefined;
}

/** Follows all plain characters. */
export function afterPlain<S extends Followed<S>>(start: S): AfterPlain<S> {
  let found: AfterPlain<S> | undefined;
  for (const ranges of SEQUENCES) {
    let state: AfterPlain<S> = start;
    for (const range of ranges) {
      if (typeof state !== "string") state = afterRange(state, range);
    }
    found ??= state;
    if (state !== found || state === "varied") return "varied";
  }
  return found!;
}

function afterRange<S extends Followed<S>>(state: S, [first, last]: ByteRange): AfterPlain<S> {
  const after = state.after(first);
  for (let byte = first + 1; byte <= last; byte++) if (state.after(byte) !== after) return "varied";
  return after ?? "none";
}
