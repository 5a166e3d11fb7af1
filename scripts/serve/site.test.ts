import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listen } from "./listen.mjs";
import { safePath, siteHandler } from "./site.mjs";

const folder = mkdtempSync(join(tmpdir(), "microgrid-site-"));
const root = join(folder, "dist");
let origin = "";
let close = async (): Promise<void> => undefined;

beforeAll(async () => {
  mkdirSync(join(root, "assets"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "not yours");
  writeFileSync(join(root, "index.html"), "<!doctype html>" + " ".repeat(1000));
  writeFileSync(join(root, "assets", "main-0a1B2c3D.js"), "export const a = 1;".repeat(100));
  writeFileSync(join(root, "assets", "big.wasm"), Buffer.alloc(1024 * 1024 + 1));
  writeFileSync(join(root, "model.onnx"), Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]));
  writeFileSync(join(root, "site.webmanifest"), "{}");
  writeFileSync(join(root, "with space%.md"), "# A name");
  writeFileSync(join(root, "empty.txt"), "");
  const server = createServer(siteHandler({ root, copies: join(folder, "copies"), config: () => ({ hub: "here" }) }));
  const listening = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  origin = `http://127.0.0.1:${listening.port}`;
  close = listening.close;
});
afterAll(() => close());

/** Sends path and headers as they are; `fetch` would tidy up the path, and asks caches for nothing. */
function rawStatus(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(origin, { path, headers }, (response) => resolve(response.resume().statusCode))
      .once("error", reject)
      .end();
  });
}

describe("the static server", () => {
  it("serves the index, compressed, and answers 304 when nothing changed", async () => {
    const first = await fetch(origin, { headers: { "accept-encoding": "br" } });
    expect(first.headers.get("content-encoding")).toBe("br");
    expect(first.headers.get("content-type")).toContain("text/html");
    expect(first.headers.get("cache-control")).toBe("no-cache");
    expect(await first.text()).toContain("<!doctype html>");
    const headers = { "accept-encoding": "br", "if-none-match": first.headers.get("etag")! };
    expect(await rawStatus("/", headers)).toBe(304);
    expect(await rawStatus("/", { ...headers, "accept-encoding": "gzip" })).toBe(200);
  });

  it("sends an invite whose # was encoded to the page, and nobody to another site", async () => {
    const target = async (path: string): Promise<string | null> =>
      (await fetch(`${origin}${path}`, { redirect: "manual" })).headers.get("location");
    expect(await target("/%23/join/AwDh_-x")).toBe("/#/join/AwDh_-x");
    expect(await target("/a%20b/%23/join/AwDh%29.?fbclid=1")).toBe("/a%20b/#/join/AwDh");
    expect(await target("//evil.example/%23/join/AwDh")).toBe("/evil.example/#/join/AwDh");
    expect(await target("/%23/other")).toBeNull();
  });

  it("lets browsers keep hashed files forever", async () => {
    const { headers } = await fetch(`${origin}/assets/main-0a1B2c3D.js`);
    expect(headers.get("cache-control")).toContain("immutable");
  });

  it.each([
    ["bytes=2-4", [2, 3, 4]],
    ["bytes=0-0", [0]],
    ["bytes=6-", [6, 7]],
    ["bytes=6-1000", [6, 7]],
    ["bytes=-3", [5, 6, 7]],
  ])("sends the range %s", async (range, bytes) => {
    const part = await fetch(`${origin}/model.onnx`, { headers: { range } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes ${bytes[0]}-${bytes.at(-1)}/8`);
    expect(part.headers.get("accept-ranges")).toBe("bytes");
    expect([...(await part.bytes())]).toEqual(bytes);
  });

  it.each([
    ["model.onnx", "bytes=8-", 8],
    ["model.onnx", "bytes=-0", 8],
    ["model.onnx", "bytes=5-2", 8],
    ["empty.txt", "bytes=0-", 0],
  ])("refuses a range of %s that lies outside the file: %s", async (file, range, size) => {
    const refused = await fetch(`${origin}/${file}`, { headers: { range } });
    expect(refused.status).toBe(416);
    expect(refused.headers.get("content-range")).toBe(`bytes */${size}`);
  });

  it.each(["bytes=0-1,5-6", "lines=0-9"])("sends the whole file for %s", async (range) => {
    const whole = await fetch(`${origin}/model.onnx`, { headers: { range } });
    expect([whole.status, (await whole.bytes()).length]).toEqual([200, 8]);
  });

  it("does not compress a part of a file", async () => {
    const part = await fetch(origin, { headers: { range: "bytes=0-8", "accept-encoding": "br" } });
    expect(part.headers.get("content-encoding")).toBeNull();
    expect(await part.text()).toBe("<!doctype");
  });

  it("sends a large file as it is until its compressed copy is ready", async () => {
    const encoding = async (): Promise<string | null> => {
      const response = await fetch(`${origin}/assets/big.wasm`, { headers: { "accept-encoding": "gzip" } });
      expect((await response.bytes()).length).toBe(1024 * 1024 + 1);
      return response.headers.get("content-encoding");
    };
    expect(await encoding()).toBeNull();
    await vi.waitFor(async () => expect(await encoding()).toBe("gzip"), { timeout: 10_000 });
  });

  it.each([
    ["", "text/html; charset=utf-8"],
    ["assets/main-0a1B2c3D.js", "text/javascript; charset=utf-8"],
    ["assets/big.wasm", "application/wasm"],
    ["model.onnx", "application/octet-stream"],
    ["site.webmanifest", "application/manifest+json"],
    ["with%20space%25.md", "text/markdown; charset=utf-8"],
    ["empty.txt", "text/plain; charset=utf-8"],
  ])("says what type /%s has", async (path, type) => {
    const response = await fetch(`${origin}/${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain(type);
    expect(response.headers.get("vary")).toBe("accept-encoding");
    await response.bytes();
  });

  it("sends the browser to the folder if the slash is missing", async () => {
    const response = await fetch(`${origin}/assets`, { redirect: "manual" });
    expect(response.status).toBe(301);
    expect(response.headers.get("location")).toBe("/assets/");
  });

  it("serves the deploy-time file it was given", async () => {
    expect(await (await fetch(`${origin}/microgrid.config.json`)).json()).toEqual({ hub: "here" });
  });

  it("may be embedded anywhere, and isolates its own pages", async () => {
    const { headers } = await fetch(origin);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("credentialless");
    expect(headers.get("content-security-policy")).toContain("script-src 'self' 'wasm-unsafe-eval';");
  });

  it.each(["/../secret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt", "/assets/..%2f..%2fsecret.txt", "/%00", "/%"])(
    "does not leave its folder for %s",
    async (path) => {
      expect(await rawStatus(path)).toBe(400);
    },
  );

  it("answers 404 for a missing file and 405 for a method that it does not support", async () => {
    const missing = await fetch(`${origin}/assets/gone-0a1B2c3D.js`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get("cache-control")).toBeNull();
    expect(await missing.text()).toBe("There is no such file here.\n");
    expect((await fetch(`${origin}/assets/`)).status).toBe(404);
    const refused = await fetch(origin, { method: "POST" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("does not describe a file in a refusal", async () => {
    const headers = { "if-match": '"another"', "accept-encoding": "br" };
    const refused = await fetch(`${origin}/assets/main-0a1B2c3D.js`, { headers });
    expect(refused.status).toBe(412);
    for (const name of ["cache-control", "content-encoding", "etag"]) expect(refused.headers.get(name)).toBeNull();
  });

  it("does not send a body to HEAD", async () => {
    const head = await fetch(`${origin}/model.onnx`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("8");
    expect(await head.text()).toBe("");
  });
});

describe("safePath", () => {
  it("drops query and fragment, and decodes", () => {
    expect(safePath("/a%20b.json?x=/../..#y")).toBe("/a b.json");
  });
});
