import { beforeEach, expect, test, vi } from "vitest";
import { deferred, onAbort } from "../../core";
import { SiteVersion, type Work, type WorkInPage } from "./site-version";

let version: SiteVersion;
let start: ReturnType<typeof vi.fn<() => void>>;

beforeEach(() => {
  version = new SiteVersion();
  start = vi.fn<() => void>();
});

/** Work that ends when it is told to. */
function work(kind: Work): WorkInPage & { end(): void } {
  const ended = deferred<void>();
  return {
    running: () => Promise.resolve(kind),
    async idle(signal) {
      using _ = onAbort(signal, ended.reject);
      await ended.promise;
    },
    end: () => ended.resolve(),
  };
}

test("a new version starts at once where nothing runs", async () => {
  expect(version.news).toBeUndefined();
  version.isReady(start);
  expect(version.news).toEqual({ kind: "ready" });
  expect(start).not.toHaveBeenCalled();
  await version.use(undefined);
  expect(start).toHaveBeenCalledOnce();
});

test("a new version waits for the end of the work", async () => {
  version.isReady(start);
  const answer = work("answer");
  const using = version.use(answer);
  await vi.waitFor(() => expect(version.news).toEqual({ kind: "waiting", work: "answer" }));
  // A newer one that comes meanwhile takes its place.
  const newest = vi.fn<() => void>();
  version.isReady(newest);
  expect(version.news).toEqual({ kind: "waiting", work: "answer" });
  answer.end();
  await using;
  expect(start).not.toHaveBeenCalled();
  expect(newest).toHaveBeenCalledOnce();
});

test("a person can take back the wish, or not wait", async () => {
  version.isReady(start);
  const load = work("download");
  const using = version.use(load);
  await vi.waitFor(() => expect(version.news?.kind).toBe("waiting"));
  version.keep();
  load.end();
  await using;
  expect(version.news).toEqual({ kind: "ready" });
  expect(start).not.toHaveBeenCalled();
  void version.use(work("answer"));
  await vi.waitFor(() => expect(version.news?.kind).toBe("waiting"));
  version.useNow();
  expect(start).toHaveBeenCalledOnce();
});

test("a part that is missing is told, unless a new version can help", () => {
  version.isIncomplete();
  expect(version.news).toEqual({ kind: "incomplete" });
  version.isReady(start);
  expect(version.news).toEqual({ kind: "ready" });
  version.isIncomplete();
  expect(version.news).toEqual({ kind: "ready" });
});
