/** Fetches a file before the library that needs it does, so that people see how far it is. */

/** Told with every part that arrives, in bytes as they travel. */
export type OnBytes = (loadedBytes: number, totalBytes: number) => void;

/** Reads the parts of an answer and tells how far it is. `bytes` is the size of the content, if it is known. */
export function counted(response: Response, bytes: number | undefined, onBytes: OnBytes): ReadableStream<Uint8Array> {
  const sent = Number(response.headers.get("content-length"));
  // Of a compressed file, fewer bytes travel than are read.
  const total = sent > 0 ? sent : (bytes ?? 0);
  const share = sent > 0 && bytes !== undefined && bytes > 0 ? sent / bytes : 1;
  let read = 0;
  onBytes(0, total);
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      read += part.byteLength;
      const loaded = Math.round(read * share);
      onBytes(total > 0 ? Math.min(loaded, total) : loaded, total);
      controller.enqueue(part);
    },
  });
  return (response.body ?? new Blob().stream()).pipeThrough(count);
}

/**
 * Fetches a file into the browser's cache, where the library finds it that fetches it by itself. Does nothing if the file
 * may not be kept there. Throws what `fetch` throws.
 */
export async function fetchAhead(
  url: string,
  { bytes, signal, onBytes }: { readonly bytes: number; readonly signal: AbortSignal; readonly onBytes: OnBytes },
): Promise<void> {
  const response = await fetch(url, { signal, credentials: "same-origin" });
  const kept = response.ok && !response.headers.get("cache-control")?.includes("no-store");
  if (kept) await counted(response, bytes, onBytes).pipeTo(new WritableStream());
  else await response.body?.cancel();
}
