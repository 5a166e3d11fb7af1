/** Bodies of replies that are written while an answer comes. Cancelling a body stops the answer. */
import { utf8 } from "../../core";

/** How long a reply waits for the first sign of an answer before it begins without one. */
const FIRST_SIGN_MS = 5_000;

/**
 * Waits for the first item, so that an error before it can still decide the status of the reply; but no longer than a few
 * seconds, since a client that gives up can only be noticed once the reply has begun.
 */
export async function begun<T>(items: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const first = items.next();
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([first, new Promise((resolve) => (timer = setTimeout(resolve, FIRST_SIGN_MS)))]).finally(() =>
    clearTimeout(timer),
  );
  return (async function* () {
    try {
      const one = await first;
      if (one.done) return;
      yield one.value;
      yield* items;
    } finally {
      await items.return(undefined);
    }
  })();
}

/** A body of texts. `stop` is called when the reader goes away. An error ends the body as a broken one. */
export function textBody(texts: AsyncIterable<string>, stop: (reason: unknown) => void): ReadableStream<Uint8Array> {
  const iterator = texts[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(utf8(next.value));
    },
    cancel: stop,
  });
}

/** Server-sent events. `named` writes each item's type as the event's name. */
export async function* serverSentEvents(
  items: AsyncIterable<unknown>,
  options: { readonly named: boolean; failed(error: unknown): unknown },
): AsyncGenerator<string> {
  const event = (item: unknown): string => {
    const { type } = item as { type?: unknown };
    return `${options.named && typeof type === "string" ? `event: ${type}\n` : ""}data: ${JSON.stringify(item)}\n\n`;
  };
  try {
    for await (const item of items) yield event(item);
  } catch (error) {
    // The status has gone out; clients look for an error among the events.
    yield event(options.failed(error));
    return;
  }
  if (!options.named) yield "data: [DONE]\n\n";
}

/** One JSON value, once it is there. */
export async function* jsonText(value: Promise<unknown>): AsyncGenerator<string> {
  yield JSON.stringify(await value);
}
