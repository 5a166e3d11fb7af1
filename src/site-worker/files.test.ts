import { describe, expect, test } from "vitest";
import { SiteFiles } from "./files";
import type { RequestEvent } from "./scope";
import { MemoryCaches, Server } from "./testing/caches";

const SCOPE = "https://grid.example/site/";
const ASSETS = "microgrid /site/ assets";
const SETTINGS = "microgrid.config.json";

/** Two builds: `core` stays the same, the page and the engine change. */
const OLD = {
  build: "old",
  entry: "assets/index-OLD45678.js",
  first: ["", "assets/core-12345678.js", "assets/index-OLD45678.js", "theme.js"],
  later: ["assets/ort-OLD45678.wasm", "help/api.html"],
};
const NEW = {
  build: "new",
  entry: "assets/index-NEW45678.js",
  first: ["", "assets/core-12345678.js", "assets/index-NEW45678.js", "theme.js"],
  later: ["assets/ort-NEW45678.wasm", "assets/webllm-NEW45678.js", "help/api.html"],
};

function text(body: string, type = "text/javascript"): () => Response {
  return () => new Response(body, { headers: { "content-type": type } });
}

/** Puts a build onto the server, as its operator does: the files of the build before are gone. */
function deploy(server: Server, { build, entry, first, later }: typeof OLD): void {
  const files = [...first, ...later].map((path) => [`/site/${path}`, text(`${build} ${path}`)] as const);
  server.files = {
    ...Object.fromEntries(files),
    "/site/": text(`<script src="./${entry}"></script>`, "text/html"),
    "/site/help/api.html": text(`${build} help`, "text/html"),
    [`/site/${SETTINGS}`]: text('{"hub":"https://hub.example"}', "application/json"),
  };
}

/** A browser in which a worker of the old build was just started, and the server has that build. */
function withWorker() {
  const server = new Server();
  const caches = new MemoryCaches();
  deploy(server, OLD);
  const workerOf = (files: typeof OLD): SiteFiles =>
    new SiteFiles({ files, scope: SCOPE, caches: caches as unknown as CacheStorage, fetch: server.fetch });
  return { server, caches, worker: workerOf(OLD), workerOf };
}

/** The worker's reply to a request, when all that it keeps because of it is kept; undefined if it does not answer. */
async function ask(
  worker: SiteFiles,
  path: string,
  { navigate = false, ...init }: RequestInit & { navigate?: boolean } = {},
): Promise<string | undefined> {
  const request = new Request(new URL(path, SCOPE), init);
  // A request of this kind cannot be made by a script.
  if (navigate) Object.defineProperty(request, "mode", { value: "navigate" });
  const kept: Promise<unknown>[] = [];
  const event = { request, waitUntil: (work: Promise<unknown>) => void kept.push(work) } as unknown as RequestEvent;
  const reply = await worker.reply(event);
  await Promise.all(kept);
  return reply && `${reply.status} ${await reply.text()}`;
}

describe("the files of the site", () => {
  test("are all there without a server once the worker is installed, and those used once, too", async () => {
    const { server, worker } = withWorker();
    await worker.install();
    expect(await ask(worker, "assets/ort-OLD45678.wasm")).toBe("200 old assets/ort-OLD45678.wasm");
    server.down = true;
    server.asked.length = 0;
    expect(await ask(worker, "?demo#/chat", { navigate: true })).toContain("index-OLD45678.js");
    expect(await ask(worker, "index.html", { navigate: true })).toContain("index-OLD45678.js");
    expect(await ask(worker, "assets/core-12345678.js")).toBe("200 old assets/core-12345678.js");
    expect(await ask(worker, "theme.js")).toBe("200 old theme.js");
    expect(await ask(worker, "assets/ort-OLD45678.wasm")).toBe("200 old assets/ort-OLD45678.wasm");
    expect(server.asked).toEqual([]);
    await expect(ask(worker, "help/api.html", { navigate: true })).rejects.toThrow("Failed to fetch");
  });

  test("leave requests alone that are for something else", async () => {
    const { worker } = withWorker();
    await worker.install();
    for (const path of ["models/guide/config.json", "embed/microgrid.js", "other.js", "https://hub.example/theme.js"]) {
      expect(await ask(worker, path)).toBeUndefined();
    }
    expect(await ask(worker, "../elsewhere/theme.js")).toBeUndefined();
    expect(await ask(worker, "theme.js", { method: "POST" })).toBeUndefined();
    expect(await ask(worker, "theme.js", { headers: { range: "bytes=0-1" } })).toBeUndefined();
  });

  test("keep no errors, and no page in place of a file that is missing", async () => {
    const { server, caches, worker } = withWorker();
    server.files["/site/assets/ort-OLD45678.wasm"] = () => new Response("busy", { status: 503 });
    expect(await ask(worker, "assets/ort-OLD45678.wasm")).toBe("503 busy");
    server.files["/site/assets/ort-OLD45678.wasm"] = text("<p>This site has moved.</p>", "text/html");
    expect(await ask(worker, "assets/ort-OLD45678.wasm")).toContain("moved");
    expect(caches.paths(ASSETS)).toBeUndefined();
    deploy(server, OLD);
    expect(await ask(worker, "assets/ort-OLD45678.wasm")).toBe("200 old assets/ort-OLD45678.wasm");
  });

  test("take from the browser's HTTP cache what pages loaded before the worker was there", async () => {
    const { server, worker } = withWorker();
    server.browserHas.add("/site/assets/ort-OLD45678.wasm");
    await worker.keepLoaded();
    expect(server.asked).toEqual([]);
    server.down = true;
    expect(await ask(worker, "assets/ort-OLD45678.wasm")).toBe("200 old assets/ort-OLD45678.wasm");
  });

  test("come from the network when nothing can be kept", async () => {
    const { caches, worker } = withWorker();
    caches.full = true;
    await worker.install();
    expect(await ask(worker, "", { navigate: true })).toContain("index-OLD45678.js");
    expect(await ask(worker, "theme.js")).toBe("200 old theme.js");
    expect(await ask(worker, SETTINGS)).toContain("hub.example");
  });
});

describe("a new build", () => {
  test("leaves the one before untouched until nobody uses it, and brings the engines that were used", async () => {
    const { server, caches, worker: old, workerOf } = withWorker();
    await old.install();
    await ask(old, "assets/ort-OLD45678.wasm");
    deploy(server, NEW);
    server.asked.length = 0;
    const next = workerOf(NEW);
    await next.install();
    // Files of the same content are not fetched again, and files that were never used are not fetched at all.
    expect(server.asked.sort()).toEqual(
      ["", "assets/index-NEW45678.js", "assets/ort-NEW45678.wasm", SETTINGS, "theme.js"].map((path) => `/site/${path}`),
    );
    expect(await ask(old, "", { navigate: true })).toContain("index-OLD45678.js");
    expect(await ask(old, "theme.js")).toBe("200 old theme.js");
    expect(await ask(old, "assets/ort-OLD45678.wasm")).toBe("200 old assets/ort-OLD45678.wasm");
    await next.tidy(new Set(["old", "new"]));
    expect(await ask(old, "theme.js")).toBe("200 old theme.js");
    await next.tidy(new Set(["new"]));
    expect((await caches.keys()).sort()).toEqual([ASSETS, "microgrid /site/ build new", "microgrid /site/ settings"]);
    expect(caches.paths(ASSETS)).toEqual(
      ["core-12345678.js", "index-NEW45678.js", "ort-NEW45678.wasm"].map((name) => `/site/assets/${name}`),
    );
    server.down = true;
    expect(await ask(next, "", { navigate: true })).toContain("index-NEW45678.js");
  });

  test("is not installed where a file is missing, or the page is still the one before", async () => {
    const { server, worker, workerOf } = withWorker();
    delete server.files["/site/theme.js"];
    await expect(worker.install()).rejects.toThrow("theme.js could not be had: the server answered 404");
    deploy(server, { ...NEW, entry: OLD.entry });
    await expect(workerOf(NEW).install()).rejects.toThrow("does not start with assets/index-NEW45678.js");
  });

  test("does not end up in the cache of the one before when its page comes from the network", async () => {
    const { server, worker } = withWorker();
    deploy(server, NEW);
    expect(await ask(worker, "", { navigate: true })).toContain("index-NEW45678.js");
    server.down = true;
    await expect(ask(worker, "", { navigate: true })).rejects.toThrow("Failed to fetch");
  });
});

describe("the settings of the site", () => {
  test("are those of now if the server gives them, and else the last ones", async () => {
    const { server, worker } = withWorker();
    expect(await ask(worker, SETTINGS)).toContain("https://hub.example");
    server.files[`/site/${SETTINGS}`] = text('{"hub":"https://other.example"}', "application/json");
    expect(await ask(worker, SETTINGS)).toContain("https://other.example");
    server.files[`/site/${SETTINGS}`] = text("<p>Log in to this network</p>", "text/html");
    expect(await ask(worker, SETTINGS)).toContain("https://other.example");
    server.down = true;
    expect(await ask(worker, SETTINGS)).toContain("https://other.example");
  });

  test("do not come back when the operator has removed them", async () => {
    const { server, worker } = withWorker();
    await ask(worker, SETTINGS);
    delete server.files[`/site/${SETTINGS}`];
    expect(await ask(worker, SETTINGS)).toBe("404 none");
    server.down = true;
    await expect(ask(worker, SETTINGS)).rejects.toThrow("Failed to fetch");
  });
});
