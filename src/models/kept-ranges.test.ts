/** Parts that are read while their model is removed, and a store that fails for a moment. */
import { describe, expect, it, vi } from "vitest";
import { deferred } from "../core";
import type { FileWriter } from "./disk";
import { MemoryDisk } from "./memory-disk";
import { ModelRecords } from "./records";
import { ModelStore } from "./store-service";
import type { FileRangeRequest } from "./store-protocol";

const FILE = "w.onnx_data";
const REQUEST: FileRangeRequest = { path: FILE, urls: ["http://h/w"], version: "v".repeat(16), offset: 10, length: 5 };

const options = { signal: new AbortController().signal };

/** Files that outlive the store; a test may delay or refuse operations on parts. */
class SlowDisk extends MemoryDisk {
  override readonly inMemory = false;
  readonly seen = new Set<string>();
  beforeWrite: () => Promise<void> = () => Promise.resolve();
  beforeRemove: () => Promise<void> = () => Promise.resolve();
  readonly #writing = new Set<FileWriter>();

  override async openWriter(model: string, path: string) {
    const writer = await super.openWriter(model, path);
    this.seen.add(path);
    this.#writing.add(writer);
    writer.close = () => this.#writing.delete(writer);
    if (path !== FILE) await this.beforeWrite();
    return writer;
  }

  /** Like a browser, it does not delete a folder in which a file is being written. */
  override removeModel(model: string) {
    if (this.#writing.size === 0) return super.removeModel(model);
    return Promise.reject(new DOMException("being written", "NoModificationAllowedError"));
  }

  override async removeFile(model: string, path: string) {
    await this.beforeRemove();
    return super.removeFile(model, path);
  }
}

/** A store, and what is on its disk. */
function open() {
  const [disk, records] = [new SlowDisk(), ModelRecords.inMemory()];
  const host = { answer: (): Promise<void> => Promise.resolve(), asked: 0 };
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const [from, to] = /(\d+)-(\d+)/
      .exec(new Headers(init?.headers).get("Range") ?? "")!
      .slice(1)
      .map(Number);
    host.asked++;
    await host.answer();
    const headers = { "Content-Range": `bytes ${from!}-${to!}/100` };
    return new Response("abcde".slice(0, to! - from! + 1), { status: 206, headers });
  };
  const visit = () => new ModelStore({ disk, records }, { fetch, wait: () => Promise.resolve() });
  const left = async (): Promise<string[]> => {
    const files = await Promise.all([...disk.seen].map(async (path) => ((await disk.blob("m", path)) ? [path] : [])));
    return [...files.flat(), ...(await records.files()).map(({ path }) => `record of ${path}`)];
  };
  return { disk, records, host, visit, left };
}

describe("a model that is removed", () => {
  it.each(["its host answers", "it is written"])("leaves nothing of a part that arrives while %s", async (when) => {
    const { disk, host, visit, left } = open();
    const [begun, go] = [deferred<void>(), deferred<void>()];
    const hold = (): Promise<void> => {
      begun.resolve();
      return go.promise;
    };
    if (when === "it is written") disk.beforeWrite = hold;
    else host.answer = hold;
    const store = visit();
    const read = store.readRange("m", REQUEST, options);
    await begun.promise;
    const removed = store.remove("m");
    // The removal waits for the running write, and later writes find that the model is gone.
    await Promise.race([removed, new Promise((resolve) => setImmediate(resolve))]);
    go.resolve();
    expect(await (await read).text()).toBe("abcde");
    await removed;
    expect(await left()).toEqual([]);
  });

  it("is kept again when it is read again", async () => {
    const { host, visit, left } = open();
    const store = visit();
    await store.readRange("m", REQUEST, options);
    await store.remove("m");
    for (let times = 0; times < 2; times++) await store.readRange("m", REQUEST, options);
    expect(host.asked).toBe(2);
    expect(await left()).toHaveLength(2);
  });
});

describe("a store that fails for a moment", () => {
  it("reads again when it is asked again", async () => {
    const { records, visit } = open();
    const store = visit();
    vi.spyOn(records, "files").mockRejectedValueOnce(new Error("the database is busy"));
    await expect(store.readRange("m", REQUEST, options)).rejects.toThrow("the database is busy");
    expect(await (await store.readRange("m", REQUEST, options)).text()).toBe("abcde");
  });

  it("reads and removes even if an obsolete part cannot be deleted; the next visit deletes it", async () => {
    const { disk, records, visit, left } = open();
    await visit().readRange("m", REQUEST, options);
    await visit().importFiles("m", [{ path: FILE, blob: new Blob(["0123456789abcde"]) }], {
      ...options,
      onProgress: () => undefined,
    });
    disk.beforeRemove = () => Promise.reject(new DOMException("open elsewhere", "NoModificationAllowedError"));
    const store = visit();
    expect(await (await store.readRange("m", REQUEST, options)).text()).toBe("abcde");
    await store.remove("other");
    expect(await left()).toHaveLength(4);
    disk.beforeRemove = () => Promise.resolve();
    await visit().readRange("m", REQUEST, options);
    expect(await left()).toEqual([FILE, `record of ${FILE}`]);
    expect(await records.files()).toHaveLength(1);
  });
});

describe("parts beyond their budget", () => {
  it("are deleted, those that were not used for the longest time first, and can be read again", async () => {
    const { host, visit, left } = open();
    const store = visit();
    const at = (offset: number): Promise<Blob> => store.readRange("m", { ...REQUEST, offset }, options);
    vi.useFakeTimers({ toFake: ["Date"] });
    for (const offset of [0, 5, 10]) {
      vi.setSystemTime(Date.now() + 7_200_000);
      await at(offset);
    }
    vi.setSystemTime(Date.now() + 7_200_000);
    await at(0);
    await store.limitParts(10);
    vi.useRealTimers();
    const paths = (await left()).filter((path) => !path.startsWith("record"));
    expect(paths.map((path) => /\+(\d+)-/.exec(path)?.[1])).toEqual(["0", "10"]);
    const { asked } = host;
    expect(await (await at(0)).text()).toHaveLength(5);
    expect(host.asked).toBe(asked);
    expect(await (await at(5)).text()).toHaveLength(5);
    expect(host.asked).toBe(asked + 1);
    // However many are read, no more stay than the budget allows.
    expect(await left()).toHaveLength(4);
  });
});
