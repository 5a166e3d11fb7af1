import { afterEach, expect, it, vi } from "vitest";
import { counted, fetchAhead } from "./fetch-ahead";

/** An answer in two parts. */
function answer(headers: Record<string, string> = {}, status = 200): Response {
  const parts = [new Uint8Array(600), new Uint8Array(400)];
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const part = parts.shift();
      if (part) controller.enqueue(part);
      else controller.close();
    },
  });
  return new Response(body, { status, headers });
}

async function steps(response: Response, bytes: number | undefined): Promise<[number, number][]> {
  const seen: [number, number][] = [];
  const stream = counted(response, bytes, (loaded, total) => void seen.push([loaded, total]));
  await stream.pipeTo(new WritableStream());
  return seen;
}

afterEach(() => vi.unstubAllGlobals());

it.each([
  ["counts the bytes of a file", { "content-length": "1000" }, 1000, [[0, 1000], [600, 1000], [1000, 1000]]], // prettier-ignore
  ["counts a compressed file as it travels", { "content-length": "100" }, 1000, [[0, 100], [60, 100], [100, 100]]], // prettier-ignore
  ["goes by the size that is known", {}, 1000, [[0, 1000], [600, 1000], [1000, 1000]]], // prettier-ignore
  ["tells the bytes of a file of unknown size", {}, undefined, [[0, 0], [600, 0], [1000, 0]]], // prettier-ignore
  ["never tells more than all", { "content-length": "700" }, undefined, [[0, 700], [600, 700], [700, 700]]], // prettier-ignore
])("%s", async (_, headers, bytes, expected) => {
  expect(await steps(answer(headers as Record<string, string>), bytes)).toEqual(expected);
});

it.each([
  ["that may be kept", {}, 200, 3],
  ["that may not be kept, which would come twice", { "cache-control": "no-store" }, 200, 0],
  ["that does not exist", {}, 404, 0],
])("reads a file %s", async (_, headers, status, told) => {
  vi.stubGlobal("fetch", () => Promise.resolve(answer(headers as Record<string, string>, status)));
  const onBytes = vi.fn();
  await fetchAhead("https://host/x.wasm", { bytes: 1000, signal: new AbortController().signal, onBytes });
  expect(onBytes).toHaveBeenCalledTimes(told);
});
