/** The body of a reply in few pieces, since each message to another thread costs more than its bytes. */
import { concat, nextTask } from "../core";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The pieces of a body, where those that come within one task of this thread are one. The first is what is there at once,
 * and may be empty. Leaving the loop cancels the body.
 */
export async function* gathered(body: ReadableStream<Bytes>): AsyncGenerator<Bytes, void> {
  const reader = body.getReader();
  try {
    let next = reader.read();
    let begun: Promise<unknown> = Promise.resolve();
    for (let over = false; !over;) {
      const rest = begun.then(nextTask);
      const pieces: Bytes[] = [];
      for (let piece = await Promise.race([next, rest]); piece; piece = await Promise.race([next, rest])) {
        over = piece.done;
        if (piece.done) break;
        pieces.push(piece.value);
        next = reader.read();
      }
      if (pieces.length > 0 || !over) yield concat(...pieces);
      begun = next;
    }
  } finally {
    await reader.cancel();
  }
}
