import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { FileWriter } from "./disk";
import { downloadFile, type DownloadContext, type Validator } from "./file-download";
import { MemoryDisk } from "./memory-disk";
import type { FileRequest } from "./store-protocol";

const content = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const sha256 = createHash("sha256").update(content).digest("hex");
const URL_A = "https://a.example/file.bin";
const URL_B = "https://b.example/file.bin";

interface Reply {
  readonly status?: number;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
  /** The body breaks off with an error after its bytes. */
  readonly broken?: boolean;
}

/** A host that gives these answers in turn and records the requests. */
function host(...replies: (Reply | Error | "hang")[]) {
  const asked: { url: string; range: string | null }[] = [];
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    asked.push({ url: url as string, range: new Headers(init?.headers).get("Range") });
    const reply = replies.shift() ?? new Error("The test has no further answer.");
    if (reply === "hang") {
      return new Promise((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)),
      );
    }
    if (reply instanceof Error) return Promise.reject(reply);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        if (reply.body && reply.body.length > 0) controller.enqueue(reply.body);
        if (!reply.broken) controller.close();
      },
      pull(controller) {
        controller.error(new TypeError("network error"));
      },
    });
    return Promise.resolve(new Response(body, { status: reply.status ?? 200, headers: reply.headers ?? {} }));
  };
  return { asked, fetch };
}

async function partial(bytes: Uint8Array): Promise<FileWriter> {
  const writer = await new MemoryDisk().openWriter("m", "f");
  if (bytes.length > 0) await writer.append(bytes);
  return writer;
}

interface Setup {
  readonly file?: Partial<FileRequest>;
  readonly writer?: FileWriter;
  readonly validator?: Validator;
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
}

async function run(fetch: DownloadContext["fetch"], setup: Setup = {}) {
  const writer = setup.writer ?? (await partial(new Uint8Array()));
  const retries: string[] = [];
  const result = await downloadFile({ path: "file.bin", urls: [URL_A], ...setup.file }, writer, setup.validator, {
    signal: setup.signal ?? new AbortController().signal,
    onBytes: () => undefined,
    onValidator: () => Promise.resolve(),
    onRetry: (reason) => retries.push(reason),
    backoffMs: () => 0,
    ...(setup.stallMs !== undefined && { stallMs: setup.stallMs }),
    ...(fetch && { fetch }),
  });
  return { result, retries, bytes: await writer.read(0, writer.size) };
}

const etag = (value: string): Record<string, string> => ({ ETag: `"${value}"` });
const rest = (from: number, headers: Record<string, string> = {}): Reply => ({
  status: 206,
  body: content.subarray(from),
  headers: { "Content-Range": `bytes ${from}-999/1000`, ...headers },
});

describe("downloadFile", () => {
  it("receives a whole file and returns its size and hash", async () => {
    const { fetch, asked } = host({ body: content });
    expect(await run(fetch)).toMatchObject({ result: { bytes: 1000, sha256 }, bytes: content });
    expect(asked).toEqual([{ url: URL_A, range: null }]);
  });

  it("continues after a broken connection", async () => {
    const { fetch, asked } = host(
      { body: content.subarray(0, 400), broken: true, headers: etag("1") },
      rest(400, etag("1")),
    );
    const { result, retries } = await run(fetch);
    expect(result).toEqual({ bytes: 1000, sha256 });
    expect(asked.map(({ range }) => range)).toEqual([null, "bytes=400-"]);
    expect(retries).toHaveLength(1);
  });

  it.each([429, 503])("asks a host that answers %i again after the time that it names", async (status) => {
    const { fetch } = host({ status, headers: { "Retry-After": "0" } }, { body: content });
    const { result, retries } = await run(fetch);
    expect(result).toEqual({ bytes: 1000, sha256 });
    expect(retries).toEqual([expect.stringMatching(/^a\.example .*asks to wait 0 seconds$/)]);
  });

  it("does not wait for a busy host longer than a person would", async () => {
    const { fetch, asked } = host({ status: 429, headers: { "Retry-After": "7200" } });
    await expect(run(fetch)).rejects.toMatchObject({
      code: "network",
      message: expect.stringMatching(
        /was asked too often \(429\) and asks to wait 7200 seconds\. Try again later/,
      ) as string,
    });
    expect(asked).toHaveLength(1);
  });

  it("continues the part of an earlier visit if host and version are the same", async () => {
    const { fetch, asked } = host(rest(300, etag("1")));
    const writer = await partial(content.subarray(0, 300));
    const { result } = await run(fetch, { writer, validator: { url: URL_A, value: '"1"' } });
    expect(result).toEqual({ bytes: 1000, sha256 });
    expect(asked).toEqual([{ url: URL_A, range: "bytes=300-" }]);
  });

  it("starts again if the host has another version", async () => {
    const { fetch, asked } = host(rest(300, etag("2")), { body: content, headers: etag("2") });
    const writer = await partial(new Uint8Array(300));
    const { result } = await run(fetch, { writer, validator: { url: URL_A, value: '"1"' } });
    expect(result).toEqual({ bytes: 1000, sha256 });
    expect(asked.map(({ range }) => range)).toEqual(["bytes=300-", null]);
  });

  it("starts again if the version of an earlier part is unknown", async () => {
    const { fetch, asked } = host({ body: content });
    await run(fetch, { writer: await partial(new Uint8Array(300)) });
    expect(asked).toEqual([{ url: URL_A, range: null }]);
  });

  it("starts again if the host answers a range with the whole file", async () => {
    const { fetch } = host({ body: content });
    const writer = await partial(content.subarray(0, 300));
    expect(await run(fetch, { writer, file: { sha256 } })).toMatchObject({
      result: { bytes: 1000, sha256 },
      bytes: content,
    });
  });

  it("downloads a new copy if an earlier part was damaged", async () => {
    const { fetch, asked } = host(rest(300), { body: content });
    const writer = await partial(new Uint8Array(300));
    expect(await run(fetch, { writer, file: { sha256, bytes: 1000 } })).toMatchObject({ result: { sha256 } });
    expect(asked.map(({ range }) => range)).toEqual(["bytes=300-", null]);
  });

  it("sends no request if the part is already complete", async () => {
    const { fetch, asked } = host();
    expect((await run(fetch, { writer: await partial(content), file: { sha256, bytes: 1000 } })).result).toEqual({
      bytes: 1000,
      sha256,
    });
    expect(asked).toEqual([]);
  });

  it("refuses wrong bytes, too many and too few, and keeps none of them", async () => {
    const wrong = content.map((byte) => byte ^ 1);
    const longer = new Uint8Array(1001);
    const short: Reply = { body: content.subarray(0, 700) };
    const end: Reply = { status: 416 };
    for (const replies of [[{ body: wrong }], [{ body: longer }], [short, end], [short, short]]) {
      const writer = await partial(new Uint8Array());
      const { fetch } = host(...replies);
      await expect(run(fetch, { writer, file: { sha256, bytes: 1000 } })).rejects.toMatchObject({
        code: "file-corrupt",
      });
      expect(writer.size).toBe(0);
    }
  });

  it("checks the hash that the host sends if none is known", async () => {
    const { fetch } = host({ body: content, headers: { "X-Linked-ETag": `"${"0".repeat(64)}"` } });
    await expect(run(fetch)).rejects.toMatchObject({ code: "file-corrupt" });
  });

  it("asks the mirrors if a host lacks the file, and reports it if they all lack it", async () => {
    const found = host({ status: 404 }, { body: content });
    expect((await run(found.fetch, { file: { urls: [URL_A, URL_B] } })).result).toMatchObject({ bytes: 1000 });
    expect(found.asked.map(({ url }) => url)).toEqual([URL_A, URL_B]);
    const lost = host({ status: 404 }, { status: 410 });
    await expect(run(lost.fetch, { file: { urls: [URL_A, URL_B] } })).rejects.toMatchObject({ code: "file-missing" });
    expect((await run(host({ status: 404 }).fetch, { file: { optional: true } })).result).toBe("absent");
  });

  it("treats a web page as a missing file", async () => {
    const { fetch } = host({ body: content, headers: { "Content-Type": "text/html; charset=utf-8" } });
    await expect(run(fetch)).rejects.toMatchObject({ code: "file-missing" });
  });

  it("gives up after five failures in a row, and not after five with bytes between them", async () => {
    const dead = host(...Array.from({ length: 5 }, () => new TypeError("Failed to fetch")));
    await expect(run(dead.fetch)).rejects.toMatchObject({ code: "network" });
    expect(dead.asked).toHaveLength(5);
    const slow = Array.from({ length: 9 }, (_, index): Reply => {
      const body = content.subarray(index * 100, index * 100 + 100);
      return index === 0 ? { body, broken: true } : { ...rest(index * 100), body, broken: true };
    });
    expect((await run(host(...slow, rest(900)).fetch, { file: { bytes: 1000 } })).result).toEqual({
      bytes: 1000,
      sha256,
    });
  });

  it("does not ask a second time if the host refuses", async () => {
    const { fetch, asked } = host({ status: 403 });
    await expect(run(fetch)).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("403") as string,
    });
    expect(asked).toHaveLength(1);
  });

  it("asks again if the host falls silent", async () => {
    const { fetch, asked } = host("hang", { body: content });
    expect((await run(fetch, { stallMs: 1 })).result).toEqual({ bytes: 1000, sha256 });
    expect(asked).toHaveLength(2);
  });

  it("ends with the signal's reason before, during and between requests", async () => {
    const before = AbortSignal.abort();
    await expect(run(host("hang").fetch, { signal: before })).rejects.toMatchObject({ name: "AbortError" });
    const during = new AbortController();
    const waiting = run(host("hang").fetch, { signal: during.signal });
    during.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});
