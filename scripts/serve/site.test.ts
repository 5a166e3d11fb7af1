import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
  writeFileSync(join(root, "model.onnx"), Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]));
  const server = createServer(siteHandler({ root, config: () => ({ hub: "here" }) }));
  const listening = await listen(server, { host: "127.0.0.1", port: 0, variable: "PORT" });
  origin = `http://127.0.0.1:${listening.port}`;
  close = listening.close;
});
afterAll(() => close());

/** Sends the path as it is; `fetch` would tidy it up. */
function rawStatus(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(origin, { path }, (response) => resolve(response.resume().statusCode))
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
    expect((await fetch(origin, { headers })).status).toBe(304);
  });

  it("lets browsers keep hashed files forever", async () => {
    const { headers } = await fetch(`${origin}/assets/main-0a1B2c3D.js`);
    expect(headers.get("cache-control")).toContain("immutable");
  });

  it("sends ranges of bytes, and 416 for those that are not there", async () => {
    const part = await fetch(`${origin}/model.onnx`, { headers: { range: "bytes=2-4" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe("bytes 2-4/8");
    expect([...new Uint8Array(await part.arrayBuffer())]).toEqual([2, 3, 4]);
    expect((await fetch(`${origin}/model.onnx`, { headers: { range: "bytes=8-" } })).status).toBe(416);
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

  it("answers 404 for what is not there and 405 for what it does not do", async () => {
    expect((await fetch(`${origin}/nothing`)).status).toBe(404);
    expect((await fetch(origin, { method: "POST" })).status).toBe(405);
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
