/** Counts what a node sends, by kind of frame. */

/** Frames and bytes of one kind. */
interface Tally {
  frames: number;
  bytes: number;
}

/** Counts the frames that one node has sent since the last `take`. */
export class Census {
  #kinds = new Map<string, Tally>();
  /** The kind of the frame whose pieces are being sent, for each channel. */
  readonly #open = new WeakMap<object, string>();

  /** Counts a message; its header says which frame it belongs to (`src/wire/framing.ts`). */
  note(channel: object, message: Uint8Array): void {
    const piece = message[0] === 2;
    const kind = piece
      ? (this.#open.get(channel) ?? "?")
      : String.fromCharCode(...message.subarray(2, 2 + (message[1] ?? 0)));
    if (message[0] === 1) this.#open.set(channel, kind);
    const tally = this.#kinds.get(kind) ?? { frames: 0, bytes: 0 };
    this.#kinds.set(kind, tally);
    if (!piece) tally.frames++;
    tally.bytes += message.length;
  }

  /** Returns the counts since the last call, and starts again from zero. */
  take(): ReadonlyMap<string, Tally> {
    const kinds = this.#kinds;
    this.#kinds = new Map();
    return kinds;
  }
}

/** The sum over all kinds. */
export function total(kinds: ReadonlyMap<string, Tally>): Tally {
  const sum = { frames: 0, bytes: 0 };
  for (const { frames, bytes } of kinds.values()) {
    sum.frames += frames;
    sum.bytes += bytes;
  }
  return sum;
}
