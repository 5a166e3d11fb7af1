/** A model hub for tests: the paths, redirects, headers and listings of a real one, and its failures on request. */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Ways in which a file fails. All but `slow` and `fail-then-ok` last until they are changed. */
export type Fault =
  | { readonly kind: "status"; readonly status: number }
  /** Answers 500 this many times, then correctly. */
  | { readonly kind: "fail-then-ok"; readonly times: number }
  /** The file ends after this many bytes, as if it were complete. */
  | { readonly kind: "truncated"; readonly bytes: number }
  /** The connection is cut once, after this many bytes. */
  | { readonly kind: "cut-once"; readonly bytes: number }
  /** The right number of bytes with the wrong content. */
  | { readonly kind: "wrong-bytes" }
  /** A web page instead of the file. */
  | { readonly kind: "html" }
  /** Sends this many bytes and then nothing until `release` is called; later requests get the whole file. */
  | { readonly kind: "stall"; readonly bytes: number }
  /** Answers requests for ranges with whole files. */
  | { readonly kind: "no-ranges" };

/** One request that was answered, for assertions. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly status: number;
}

/** A limit of requests, as hosts have one against abuse. */
export interface RequestLimit {
  /** Number of requests that are answered before the limit. */
  readonly after: number;
  /** 429 or 503. */
  readonly status: number;
  /** Number of requests that are refused; then there is no limit any more. */
  readonly times: number;
  /** Seconds that the host asks to wait. */
  readonly retryAfter?: number;
}

interface HubFile {
  content: Buffer;
  /** Of the content, computed once: some files have hundreds of megabytes. */
  readonly hash: string;
  claimedBytes?: number;
  fault: Fault | undefined;
}

/** The running hub. A repository is named `owner/name`, or `owner/name@revision`. */
export class HubServer {
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  readonly #files = new Map<string, HubFile>();
  readonly #licenses = new Map<string, string>();
  readonly #stalled = new Set<ServerResponse>();
  readonly #cors: boolean;
  #refuseHead: number | undefined;
  #limit: RequestLimit | undefined;

  private constructor(cors: boolean) {
    this.#cors = cors;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Listens on the port; 0 means any free one. Without `cors`, no other site may read its answers. */
  static async start(port = 0, options: { cors?: boolean } = {}): Promise<HubServer> {
    const hub = new HubServer(options.cors ?? true);
    await new Promise<void>((resolve) => hub.#server.listen(port, "127.0.0.1", resolve));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds or replaces a file of a repository. */
  put(repository: string, path: string, content: Uint8Array | string): void {
    const bytes = Buffer.from(content);
    this.#files.set(`${repository}/${path}`, { content: bytes, hash: sha256(bytes), fault: undefined });
  }

  /** Lists a file with this size, whatever its content is. */
  claimSize(repository: string, path: string, bytes: number): void {
    const file = this.#files.get(`${repository}/${path}`);
    if (!file) throw new Error(`The hub has no file ${repository}/${path}.`);
    file.claimedBytes = bytes;
  }

  /** Names the licence of a repository, by the id that hubs use. */
  license(repository: string, id: string): void {
    this.#licenses.set(repository, id);
  }

  /** The address of a repository's files as a folder on an ordinary web host, which cannot list it. */
  folder(repository: string): string {
    return `${this.url}/cdn/${repository}/`;
  }

  /** Answers all `HEAD` requests with this status. */
  refuseHead(status: number): void {
    this.#refuseHead = status;
  }

  /** Limits the number of requests. */
  limit(limit: RequestLimit): void {
    this.#limit = limit;
  }

  /** Makes a file misbehave; without a fault it behaves again. */
  fault(repository: string, path: string, fault: Fault | undefined): void {
    const file = this.#files.get(`${repository}/${path}`);
    if (!file) throw new Error(`The hub has no file ${repository}/${path}.`);
    file.fault = fault;
  }

  /** Cuts the connections of stalled answers. */
  release(): void {
    for (const response of this.#stalled) response.destroy();
    this.#stalled.clear();
  }

  /** Requests for the content of a file, in order. */
  requestsFor(path: string): SeenRequest[] {
    return this.seen.filter((request) => request.path.startsWith("/cdn/") && request.path.endsWith(path));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    if (this.#cors) {
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.setHeader(
        "Access-Control-Expose-Headers",
        "ETag, Accept-Ranges, Content-Range, Retry-After, X-Linked-Size, X-Linked-ETag",
      );
    }
    const path = decodeURIComponent(url.pathname);
    const [, listed, revision] = /^\/api\/models\/([^/]+\/[^/]+)(?:\/revision\/([^/]+))?$/.exec(url.pathname) ?? [];
    const [, repository, version, file] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const content = /^\/cdn\/(.+)$/.exec(path)?.[1];
    if (this.#refuse(request, response)) response.end();
    else if (listed !== undefined) this.#list(atRevision(listed, revision), url.searchParams.has("blobs"), response);
    else if (repository !== undefined) {
      this.#redirect(`${atRevision(repository, version)}/${decodeURIComponent(file ?? "")}`, response);
    } else if (content !== undefined) this.#send(this.#files.get(content), request, response);
    else this.#html(response, 200);
    this.seen.push({ method: request.method ?? "", path, range: request.headers.range, status: response.statusCode });
  }

  /** Writes the head of a refusal that does not depend on the file; false if there is none. */
  #refuse(request: IncomingMessage, response: ServerResponse): boolean {
    const limit = this.#limit;
    if (limit && limit.times > 0 && this.seen.length >= limit.after) {
      this.#limit = { ...limit, times: limit.times - 1 };
      response.writeHead(limit.status, limit.retryAfter === undefined ? {} : { "Retry-After": limit.retryAfter });
      return true;
    }
    if (request.method !== "HEAD" || this.#refuseHead === undefined) return false;
    response.writeHead(this.#refuseHead);
    return true;
  }

  #list(repository: string, blobs: boolean, response: ServerResponse): void {
    const own = [...this.#files].filter(([key]) => key.startsWith(`${repository}/`));
    // Like the real hub, this does not tell whether a repository is private or does not exist.
    if (own.length === 0) return void response.writeHead(404, { "X-Error-Code": "RepoNotFound" }).end();
    const license = this.#licenses.get(repository);
    const siblings = own.map(([key, { content, hash, claimedBytes = content.length }]) => ({
      rfilename: key.slice(repository.length + 1),
      ...(blobs && {
        size: claimedBytes,
        ...(isLarge(key) && { lfs: { sha256: hash, size: claimedBytes } }),
      }),
    }));
    response
      .writeHead(200, { "Content-Type": "application/json" })
      .end(JSON.stringify({ id: repository, siblings, ...(license !== undefined && { cardData: { license } }) }));
  }

  /** The real hub keeps large files on another host; the headers have their size and hash. */
  #redirect(key: string, response: ServerResponse): void {
    const file = this.#files.get(key);
    if (!file) return void response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end("Entry not found");
    if (file.fault?.kind === "status") return void response.writeHead(file.fault.status).end();
    const location = `/cdn/${key.split("/").map(encodeURIComponent).join("/")}`;
    const linked = isLarge(key) ? { "X-Linked-Size": file.content.length, "X-Linked-ETag": `"${file.hash}"` } : {};
    response.writeHead(302, { Location: location, ...linked }).end();
  }

  #send(file: HubFile | undefined, request: IncomingMessage, response: ServerResponse): void {
    if (!file) return void response.writeHead(404).end();
    const { fault } = file;
    if (fault?.kind === "html") return this.#html(response, 200);
    if (fault?.kind === "fail-then-ok" && fault.times > 0) {
      file.fault = { ...fault, times: fault.times - 1 };
      return void response.writeHead(500).end();
    }
    const truth = file.content;
    const content =
      fault?.kind === "truncated"
        ? truth.subarray(0, fault.bytes)
        : fault?.kind === "wrong-bytes"
          ? Buffer.from(truth.map((byte) => byte ^ 1))
          : truth;
    const range = fault?.kind === "no-ranges" ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    if (range && start >= content.length) {
      return void response.writeHead(416, { "Content-Range": `bytes */${content.length}` }).end();
    }
    const end = range?.[2] ? Math.min(Number(range[2]) + 1, content.length) : content.length;
    const body = content.subarray(start, end);
    response.writeHead(range ? 206 : 200, {
      "Content-Type": "application/octet-stream",
      "Content-Length": body.length,
      "Accept-Ranges": "bytes",
      ETag: `"${file.hash.slice(0, 32)}"`,
      ...(range && { "Content-Range": `bytes ${start}-${end - 1}/${content.length}` }),
    });
    if (request.method === "HEAD") return void response.end();
    if (fault?.kind === "cut-once" || fault?.kind === "stall") {
      file.fault = undefined;
      const then = fault.kind === "stall" ? () => this.#stalled.add(response) : () => response.destroy();
      response.write(body.subarray(0, fault.bytes), then);
      return;
    }
    response.end(body);
  }

  #html(response: ServerResponse, status: number): void {
    response.writeHead(status, { "Content-Type": "text/html" }).end(`<!doctype html><title>${randomUUID()}</title>`);
  }
}

function atRevision(repository: string, revision = "main"): string {
  return revision === "main" ? repository : `${repository}@${decodeURIComponent(revision)}`;
}

/** Files that the real hub stores separately, with their hashes. */
function isLarge(path: string): boolean {
  return /\.(onnx|onnx_data(_\d+)?|bin|wasm)$/.test(path);
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
