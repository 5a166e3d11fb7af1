/** Splits frames into messages of a data channel, with a small header, and reassembles them. */
import { type Bytes, MicrogridError, concat, utf8 } from "../core";
import { MAX_KIND_BYTES, MAX_MESSAGE_BYTES } from "./constants";

/** A frame as it crosses the wire: the kind is readable, the body still encoded. */
export interface RawFrame {
  readonly kind: string;
  readonly body: Bytes;
}

/*
 * A message is one of
 *   00 | kind length (1) | kind | body                          a whole frame
 *   01 | kind length (1) | kind | total length (4) | piece      the first piece of a longer one
 *   02 | piece                                                  each further piece
 * Channels are ordered and reliable, and a writer sends one frame after another, so pieces of different frames never mix.
 */
const WHOLE = 0;
const FIRST = 1;
const NEXT = 2;

/** Returns the messages that carry a frame, each with at most `maxBytes`. */
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
 * Reassembles frames from messages. `maxBytes` returns the largest body of a kind, or undefined for an unknown kind; it is called
 * once per frame, when its head arrives and before memory is allocated, and may throw. All violations throw `peer-protocol`.
 */
export class Reassembler {
  readonly #maxBytes: (kind: string) => number | undefined;
  #partial: { readonly kind: string; readonly body: Bytes; filled: number } | undefined;

  constructor(maxBytes: (kind: string) => number | undefined) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a message. Returns the frame if the message completes one. */
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
    // Allocated at once: the kind's limit bounds it, and a link has at most one incomplete frame.
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
