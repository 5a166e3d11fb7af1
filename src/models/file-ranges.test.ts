/** Reads parts of files from a real local server that behaves like model hosts, and misbehaves. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileRanges } from "./file-ranges";

const FILE = Uint8Array.from({ length: 1_000 }, (_, i) => i % 251);
const live = () => ({ signal: new AbortController().signal });
const asked: string[] = [];
let base = "";

/** A host whose behaviour depends on the requested folder. */
const server = createServer((request, response) => {
  const folder = request.url?.split("/")[1] ?? "";
  asked.push(`${folder} ${request.headers.range}`);
  (hosts[folder] ?? hosts.missing)!(request, response);
});

let flaps = 0;
let version = 0;
/** The address that a hub redirects to is valid as long as the signature is the same; afterwards it answers `expired`. */
let signature = 0;
let expired: number | "gone" = 403;
const hosts: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  good: (request, response) => part(request, response, { ETag: '"one"' }),
  missing: (_, response) => response.writeHead(404).end(),
  private: (_, response) => response.writeHead(403).end(),
  whole: (_, response) => response.writeHead(200, { "Content-Length": FILE.length }).end(FILE),
  page: (_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>"),
  flapping: (request, response) => {
    if (flaps++ < 2) response.writeHead(503).end();
    else part(request, response);
  },
  cutting: (request, response) => {
    if (flaps++ === 0) {
      response.writeHead(206, { "Content-Range": "bytes 100-199/1000", "Content-Length": 100 });
      response.write(FILE.slice(100, 120));
      setImmediate(() => response.destroy());
    } else part(request, response);
  },
  changing: (request, response) => part(request, response, { ETag: `"${version++}"` }),
  shifted: (_, response) => response.writeHead(206, { "Content-Range": "bytes 0-99/1000" }).end(FILE.slice(0, 100)),
  down: (_, response) => response.destroy(),
  hub: (_, response) => response.writeHead(302, { Location: `/signed/${signature}` }).end(),
  signed: (request, response) => {
    if (request.url === `/signed/${signature}`) part(request, response, { ETag: '"one"' });
    else if (expired === "gone") response.destroy();
    else response.writeHead(expired).end();
  },
};

function part(request: IncomingMessage, response: ServerResponse, headers: Record<string, string> = {}): void {
  const [from, to] = /bytes=(\d+)-(\d+)/
    .exec(request.headers.range ?? "")!
    .slice(1)
    .map(Number) as [number, number];
  if (from >= FILE.length) {
    response.writeHead(416).end();
    return;
  }
  const end = Math.min(to, FILE.length - 1);
  response.writeHead(206, { ...headers, "Content-Range": `bytes ${from}-${end}/${FILE.length}` });
  response.end(FILE.slice(from, end + 1));
}

beforeAll(async () => {
  // Slow machines pause longer than the five seconds after which idle connections would be reset.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

function ranges(...folders: string[]): FileRanges {
  asked.length = 0;
  flaps = 0;
  const urls = folders.map((folder) => `${base}/${folder}/weights`);
  return new FileRanges({ path: "onnx/weights", urls }, { wait: () => Promise.resolve() });
}

async function bytes(blob: Blob): Promise<number[]> {
  return [...new Uint8Array(await blob.arrayBuffer())];
}

describe("parts of a file", () => {
  it("are exactly the requested bytes", async () => {
    const file = ranges("good");
    expect(await bytes(await file.read(100, 50, live()))).toEqual([...FILE.slice(100, 150)]);
    expect(await bytes(await file.read(999, 1, live()))).toEqual([FILE[999]]);
    expect(asked).toEqual(["good bytes=100-149", "good bytes=999-999"]);
  });

  it("come from the address that the host has redirected to, until that has expired", async () => {
    const file = ranges("hub");
    for (const at of [0, 1, 2]) expect(await bytes(await file.read(at, 1, live()))).toEqual([FILE[at]]);
    expect(asked.map((request) => request.split(" ")[0])).toEqual(["hub", "signed", "signed", "signed"]);
    for (const answer of [403, 404, 410, "gone"] as const) {
      [signature, expired] = [signature + 1, answer];
      asked.length = 0;
      expect(await bytes(await file.read(7, 2, live()))).toEqual([7, 8]);
      expect(asked.map((request) => request.split(" ")[0])).toEqual(["signed", "hub", "signed"]);
    }
  });

  it.each(["flapping", "cutting"])("are requested again if a host is %s", async (host) => {
    expect(await bytes(await ranges(host).read(100, 100, live()))).toEqual([...FILE.slice(100, 200)]);
    expect(asked.length).toBeGreaterThan(1);
  });

  it("come from the next host if a host does not have the file or is down", async () => {
    const file = ranges("missing", "page", "down", "good");
    expect(await bytes(await file.read(1, 2, live()))).toEqual([1, 2]);
  });

  it.each([
    ["whole", "unsupported-model", /whole files only/],
    ["missing", "file-missing", /No host has/],
    ["private", "network", /refuses/],
    ["down", "network", /cannot be read from 127/],
    ["shifted", "network", /different part/],
  ])("of a host that is %s fail with a reason", async (host, code, message) => {
    await expect(ranges(host).read(100, 100, live())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it("are all of one version, and are refused if the file is too short", async () => {
    const file = ranges("changing");
    await file.read(0, 1, live());
    await expect(file.read(1, 1, live())).rejects.toMatchObject({ code: "file-corrupt" });
    await expect(ranges("good").read(990, 20, live())).rejects.toMatchObject({ code: "file-corrupt" });
    await expect(ranges("good").read(2_000, 20, live())).rejects.toMatchObject({ code: "file-corrupt" });
  });

  it("stop when they are aborted", async () => {
    const controller = new AbortController();
    const file = new FileRanges(
      { path: "weights", urls: [`${base}/down/weights`] },
      {
        wait: () => {
          controller.abort(new Error("enough"));
          return Promise.resolve();
        },
      },
    );
    await expect(file.read(0, 1, { signal: controller.signal })).rejects.toThrow("enough");
  });
});
