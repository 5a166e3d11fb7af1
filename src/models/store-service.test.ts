import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryDisk } from "./memory-disk";
import { ModelRecords } from "./records";
import { ModelStore } from "./store-service";
import type { StoreProgress } from "./store-protocol";

afterEach(() => vi.unstubAllGlobals());

function open(files: Record<string, string>) {
  const asked: string[] = [];
  const parts = { disk: new MemoryDisk(), records: ModelRecords.inMemory() };
  const fetch = (url: string | URL | Request): Promise<Response> => {
    asked.push(url as string);
    const content = files[url as string];
    return Promise.resolve(new Response(content ?? null, { status: content === undefined ? 404 : 200 }));
  };
  return { asked, parts, store: new ModelStore(parts, { fetch, backoffMs: () => 0 }) };
}

const requests = [
  { path: "a", urls: ["http://h/a"], bytes: 3 },
  { path: "b", urls: ["http://h/b"], optional: true },
];
const options = { signal: new AbortController().signal, onProgress: () => undefined };

describe("ModelStore", () => {
  it("downloads the missing files, and only those", async () => {
    const { store, asked } = open({ "http://h/a": "aaa", "http://h/b": "bb" });
    const progress: StoreProgress[] = [];
    const files = await store.download("m", requests, { ...options, onProgress: (step) => progress.push(step) });
    expect(files.map((file) => [file.path, file.bytes])).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
    expect(await files[0]?.blob.text()).toBe("aaa");
    expect(progress.at(-1)).toMatchObject({ receivedBytes: 5, totalBytes: 5, inMemory: true });
    asked.length = 0;
    await store.download("m", requests, options);
    expect(asked).toEqual([]);
  });

  it("leaves out an optional file that no host has, and forgets it", async () => {
    const { store } = open({ "http://h/a": "aaa" });
    expect((await store.download("m", requests, options)).map((file) => file.path)).toEqual(["a"]);
    expect(await store.summaries()).toEqual([{ model: "m", completePaths: ["a"], partialPaths: [] }]);
  });

  it("downloads a stored file again if another version of it is requested", async () => {
    const { store, asked } = open({ "http://h/a": "aaa" });
    await store.download("m", requests.slice(0, 1), options);
    const other = [{ path: "a", urls: ["http://h/a"], sha256: "0".repeat(64) }];
    await expect(store.download("m", other, options)).rejects.toMatchObject({ code: "file-corrupt" });
    expect(asked).toHaveLength(2);
    expect(await store.summaries()).toEqual([]);
  });

  it("treats a record whose file is gone as absent", async () => {
    const { store, parts } = open({ "http://h/a": "aaa" });
    await store.download("m", requests.slice(0, 1), options);
    await parts.disk.removeFile("m", "a");
    expect(await store.open("m", ["a"])).toBeUndefined();
    expect(await store.summaries()).toEqual([]);
  });

  it("refuses before the first request if the browser grants too little space", async () => {
    vi.stubGlobal("navigator", {
      storage: { estimate: () => Promise.resolve({ usage: 1_000_000, quota: 1_000_001 }) },
    });
    const { store, asked } = open({ "http://h/a": "aaa" });
    await expect(store.download("m", requests, options)).rejects.toMatchObject({
      code: "quota-exceeded",
      message: expect.stringMatching(/needs 3 bytes more\. 1\.0 MB of the 1\.0 MB.*Remove stored models/) as string,
    });
    expect(asked).toEqual([]);
  });

  it("ends a download with the reason of its signal", async () => {
    const parts = { disk: new MemoryDisk(), records: ModelRecords.inMemory() };
    const hang = (_: unknown, init?: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)),
      );
    const store = new ModelStore(parts, { fetch: hang });
    const stop = new AbortController();
    const download = store.download("m", requests, { ...options, signal: stop.signal });
    stop.abort();
    await expect(download).rejects.toBe(stop.signal.reason);
  });

  it("imports picked files and removes a model", async () => {
    const { store } = open({});
    const files = [{ path: "config.json", blob: new Blob(["{}"]) }];
    const [stored] = await store.importFiles("m", files, options);
    expect(stored?.sha256).toBe("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    expect(await store.open("m", ["config.json"])).toHaveLength(1);
    await store.remove("m");
    expect(await store.open("m", ["config.json"])).toBeUndefined();
  });
});
