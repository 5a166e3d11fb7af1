import { afterEach, expect, it, vi } from "vitest";
import { FakeLocks } from "../border/testing/locks";
import { FakeWorker } from "../border/testing/worker";
import { MemoryDisk } from "./memory-disk";
import { ModelRecords } from "./records";
import { connectStore } from "./store-client";
import { ModelStore } from "./store-service";

afterEach(() => void vi.unstubAllGlobals());

it("rejects a download when its worker dies silently, and goes on with a fresh worker", async () => {
  const locks = new FakeLocks();
  vi.stubGlobal("navigator", { locks });
  const place = { disk: new MemoryDisk(), records: ModelRecords.inMemory() };
  let hangs = true;
  const fetch = async (): Promise<Response> => (hangs ? new Promise(() => undefined) : new Response("abc"));
  const store = connectStore(() => new FakeWorker(new ModelStore(place, { fetch, backoffMs: () => 0 })).asWorker);
  const files = [{ path: "a", urls: ["http://h/a"], bytes: 3 }];
  const options = { signal: new AbortController().signal, onProgress: () => undefined };
  await store.service.summaries();
  const download = store.service.download("m", files, options);
  // The worker has begun: a call after it has been answered.
  await store.service.summaries();
  locks.kill();
  await expect(download).rejects.toMatchObject({ code: "worker-crashed" });
  hangs = false;
  const [stored] = await store.service.download("m", files, options);
  expect(await stored?.blob.text()).toBe("abc");
  store.end(new Error("over"));
});
