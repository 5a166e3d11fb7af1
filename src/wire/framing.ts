/** How frames become messages of a data channel: a small header, and long bodies in several pieces. */
import { type Bytes, MicrogridError, concat, utf8 } from "../core";
import { MAX_KIND_BYTES, MAX_MESSAGE_BYTES } from "./constants";

/** A frame as it crosses the wire: its kind in clear, its body still encoded. */
export interface RawFrame {
  readonly kind: string;
  readonly body: Bytes;
}

/*
 * A message is one of
 *   00 | kind length (1) | kind | body                          a whole frame
 *   01 | kind length (1) | kind | total length (4) | piece      the first piece of a longer one
 *   02 | piece                                                  each further piece
 * Channels are ordered and reliable, and a writer sends one frame after another, so pieces never mix.
 */
const WHOLE = 0;
const FIRST = 1;
const NEXT = 2;

/** The messages that carry a frame, each of at most `maxBytes`. */
export function frameToMessages(kind: string, body: Uint8Array, maxBytes = MAX_MESSAGE_BYTES): Bytes[] {
  const name = utf8(kind);
  if (name.length === 0 || name.length > MAX_KIND_BYTES) throw new RangeError(`kind of ${name.length} bytes`);
  const head = concat(new Uint8Array([WHOLE, name.length]), name);
  if (head.length + body.length <= maxBytes) return [concat(head, body)];

  const first = concat(head, new Uint8Array(4));
  first[0] = FIRST;
  new DataView(first.buffer).setUint32(head.length, body.length);
  const room = maxBytes - first.length;
  const messages = [concat(first, body.subarray(0, room))];
  for (let at = room; at < body.length; at += maxBytes - 1) {
    messages.push(concat(new Uint8Array([NEXT]), body.subarray(at, at + maxBytes - 1)));
  }
  return messages;
}

/**
 * Puts frames together again. `maxBytes` says how long a body of each kind may be; it is asked once for each frame,
 * at its head and before any memory is taken, and an unknown kind gets undefined. It may throw. All violations throw
 * `peer-protocol`.
 */
export class Reassembler {
  readonly #maxBytes: (kind: string) => number | undefined;
  #partial: { readonly kind: string; readonly body: Bytes; filled: number } | undefined;

  constructor(maxBytes: (kind: string) => number | undefined) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a message; gives the frame that it completes, if it does. */
  push(message: Uint8Array): RawFrame | undefined {
    if (message.length > MAX_MESSAGE_BYTES) throw violation(`a message of ${message.length} bytes`);
    if (message[0] === NEXT) return this.#next(message.subarray(1));
    if (this.#partial) throw violation("a new frame inside another");
    const { kind, rest } = readHead(message);
    if (message[0] === WHOLE) {
      this.#check(kind, rest.length);
      return { kind, body: rest.slice() };
    }
    if (rest.length < 4) throw violation("a cut header");
    const total = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
    this.#check(kind, total);
    if (rest.length - 4 >= total) throw violation("a first piece that is the whole");
    // Taken at once: the kind's cap bounds it, and a link has at most one frame in the making.
    this.#partial = { kind, body: new Uint8Array(total), filled: 0 };
    return this.#next(rest.subarray(4));
  }

  #next(piece: Uint8Array): RawFrame | undefined {
    const partial = this.#partial;
    if (!partial) throw violation("a piece of no frame");
    if (piece.length === 0 || partial.filled + piece.length > partial.body.length) throw violation("a wrong piece");
    partial.body.set(piece, partial.filled);
    partial.filled += piece.length;
    if (partial.filled < partial.body.length) return undefined;
    this.#partial = undefined;
    return { kind: partial.kind, body: partial.body };
  }

  #check(kind: string, bytes: number): void {
    const max = this.#maxBytes(kind);
    if (max === undefined) throw violation(`the unknown kind ${JSON.stringify(kind)}`);
    if (bytes > max) throw violation(`${bytes} bytes of ${kind}, where ${max} are allowed`);
  }
}

function readHead(message: Uint8Array): { kind: string; rest: Uint8Array } {
  const length = message[1] ?? 0;
  const start = 2 + length;
  if ((message[0] !== WHOLE && message[0] !== FIRST) || length === 0 || length > MAX_KIND_BYTES) {
    throw violation("an unreadable header");
  }
  if (message.length < start) throw violation("a cut header");
  return { kind: String.fromCharCode(...message.subarray(2, start)), rest: message.subarray(start) };
}

function violation(what: string): MicrogridError {
  return new MicrogridError("peer-protocol", `A peer broke the protocol: it sent ${what}.`);
}
