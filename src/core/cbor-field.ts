/** Reads one field of encoded CBOR without decoding the rest, so that a frame can be judged before its body costs anything. */
import { equalBytes, utf8 } from "./bytes";
import { decodeCbor } from "./cbor";

/** Major types of CBOR (RFC 8949 §3.1). */
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

/** The head of an item: its major type, its argument, and where its content begins. */
interface Head {
  readonly major: number;
  readonly argument: number;
  readonly next: number;
}

/**
 * The value at `path`, the keys of nested maps. Use it for short values in front of long ones: all that lies before the value is
 * skipped by its heads, which takes a few nanoseconds for each item, and what lies behind it is not looked at. Undefined if there is no
 * such field, or if the bytes are no CBOR that `decodeCbor` accepts up to there.
 */
export function cborField(bytes: Uint8Array, path: readonly string[]): unknown {
  try {
    return decodeCbor(partAt(bytes, path));
  } catch {
    return undefined;
  }
}

/** The value at `path`, still encoded. Undefined where `cborField` is. */
export function cborPart(bytes: Uint8Array, path: readonly string[]): Uint8Array | undefined {
  try {
    return partAt(bytes, path);
  } catch {
    return undefined;
  }
}

/** The entries of the array at `path`, still encoded. Undefined where `cborField` is. */
export function cborEntries(bytes: Uint8Array, path: readonly string[]): Uint8Array[] | undefined {
  try {
    const part = partAt(bytes, path);
    const array = headAt(part, 0);
    if (array.major !== ARRAY) return undefined;
    const entries: Uint8Array[] = [];
    for (let next = array.next; entries.length < array.argument;) {
      const start = next;
      next = skip(part, start);
      entries.push(part.subarray(start, next));
    }
    return entries;
  } catch {
    return undefined;
  }
}

function partAt(bytes: Uint8Array, path: readonly string[]): Uint8Array {
  let at = 0;
  for (const key of path) at = valueOf(bytes, at, key);
  return bytes.subarray(at, skip(bytes, at));
}

/** Where the value of a key begins in the map at `at`. */
function valueOf(bytes: Uint8Array, at: number, key: string): number {
  const map = headAt(bytes, at);
  if (map.major !== MAP) throw new RangeError("not a map");
  const text = keyOf(key);
  let next = map.next;
  for (let entry = 0; entry < map.argument; entry++) {
    const head = headAt(bytes, next);
    const value = skip(bytes, next);
    if (head.major === TEXT && equalBytes(bytes.subarray(head.next, value), text)) return value;
    next = skip(bytes, value);
  }
  throw new RangeError("no such field");
}

/** The keys of frames: few, since the program names them, and asked for again and again. */
const keys = new Map<string, Uint8Array>();

function keyOf(key: string): Uint8Array {
  const text = keys.get(key) ?? utf8(key);
  keys.set(key, text);
  return text;
}

/** Where the item after the one at `at` begins. */
function skip(bytes: Uint8Array, at: number): number {
  let next = at;
  for (let items = 1; items > 0; items--) {
    const head = headAt(bytes, next);
    next = head.next;
    if (head.major === ARRAY) items += head.argument;
    else if (head.major === MAP) items += 2 * head.argument;
    else if (head.major === TEXT || head.major === TEXT - 1) next += head.argument;
  }
  if (next > bytes.length) throw new RangeError("cut");
  return next;
}

function headAt(bytes: Uint8Array, at: number): Head {
  const first = bytes[at];
  if (first === undefined) throw new RangeError("cut");
  const major = first >> 5;
  const info = first & 31;
  if (info < 24) return { major, argument: info, next: at + 1 };
  const size = 2 ** (info - 24);
  if (size > 8 || at + size >= bytes.length) throw new RangeError("cut or without a length");
  let argument = 0;
  for (let index = 1; index <= size; index++) argument = argument * 256 + bytes[at + index]!;
  return { major, argument, next: at + 1 + size };
}
