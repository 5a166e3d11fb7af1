/** Downloads one file into a writer: streams it, resumes and retries it, and checks it at the end. */
import { MicrogridError, formatBytes, sleep } from "../core";
import type { FileWriter } from "./disk";
import { isQuota, quotaError } from "./quota";
import { Sha256 } from "./sha256";
import type { FileRequest } from "./store-protocol";
import { backoffMs, HostBusy, hostOf, unwelcome } from "./web";
import { corrupt, reasonOf, unreachable } from "./download-errors";

/** Number of failures in a row, with no byte received between them, after which a host counts as unreachable. */
const MOST_FAILURES = 5;
/** A host that sends nothing for this long is asked again. */
const STALL_MS = 30_000;
/** Size of the pieces in which a partial file is hashed again before the download continues. */
const REHASH_BYTES = 4 * 2 ** 20;
/** How often a file may turn out to be another version while it is received. */
const MOST_RESTARTS = 3;

/** The version of a file at one host: its `ETag`, or its date. */
export interface Validator {
  readonly url: string;
  readonly value: string;
}

/** The environment of a download. The optional parts have defaults for real use. */
export interface DownloadContext {
  readonly signal: AbortSignal;
  /** Called after bytes were written, with the count so far and the whole size if it is known. */
  readonly onBytes: (received: number, total: number | undefined) => void;
  /** Called when the version that is being received becomes known, before its first byte is written. */
  readonly onValidator: (validator: Validator | undefined) => Promise<void>;
  /** Called when a try failed and another will follow. */
  readonly onRetry: (reason: string) => void;
  readonly fetch?: typeof fetch;
  readonly stallMs?: number;
  readonly backoffMs?: (failures: number) => number;
}

/** A complete, checked file, or "absent" if the file is optional and no host has it. */
type Downloaded = { readonly bytes: number; readonly sha256: string } | "absent";

/** Downloads `file`. It continues after the bytes that `writer` already holds of the version `validator`. */
export async function downloadFile(
  file: FileRequest,
  writer: FileWriter,
  validator: Validator | undefined,
  context: DownloadContext,
): Promise<Downloaded> {
  const download = new FileDownload(file, writer, validator, context);
  return download.run();
}

class FileDownload {
  readonly #file: FileRequest;
  readonly #writer: FileWriter;
  readonly #context: DownloadContext;
  #validator: Validator | undefined;
  #hash = new Sha256();
  #total: number | undefined;
  /** SHA-256 that the host sends in a header, if the caller does not know it. */
  #toldSha256: string | undefined;
  /** True while the writer holds bytes from an earlier visit. */
  #resumed = false;
  #restarts = 0;
  /** The size at which the host last ended the body properly, although the file should be longer. */
  #shortEnd: number | undefined;

  constructor(file: FileRequest, writer: FileWriter, validator: Validator | undefined, context: DownloadContext) {
    this.#file = file;
    this.#writer = writer;
    this.#validator = validator;
    this.#context = context;
    this.#total = file.bytes;
  }

  async run(): Promise<Downloaded> {
    this.#context.signal.throwIfAborted();
    await this.#pickUp();
    let failures = 0;
    const missing = new Set<string>();
    for (;;) {
      const urls = this.#file.urls.filter((url) => !missing.has(url));
      const url = urls[failures % Math.max(urls.length, 1)];
      if (url === undefined) return this.#absent();
      const before = this.#writer.size;
      try {
        if (await this.#attempt(url)) return await this.#finish();
        missing.add(url);
      } catch (error) {
        this.#context.signal.throwIfAborted();
        if (error instanceof RestartFromStart && ++this.#restarts <= MOST_RESTARTS) continue;
        // Our own errors are final; another try would not change them.
        if (error instanceof MicrogridError) throw error;
        if (isQuota(error)) throw await quotaError(this.#file.path);
        failures = this.#writer.size > before ? 1 : failures + 1;
        const busy = error instanceof HostBusy ? error : undefined;
        if (failures >= MOST_FAILURES || busy?.long) throw unreachable(url, this.#file.path, error);
        this.#context.onRetry(reasonOf(error, url));
        const backoff = (this.#context.backoffMs ?? backoffMs)(failures);
        await sleep(Math.max(backoff, busy?.waitMs ?? 0), this.#context.signal);
        this.#context.signal.throwIfAborted();
      }
    }
  }

  /** Continues a partial file only if it is certain to be the same version. */
  async #pickUp(): Promise<void> {
    const size = this.#writer.size;
    if (size === 0) return;
    const tooLong = this.#file.bytes !== undefined && size > this.#file.bytes;
    if (tooLong || (!this.#validator && this.#file.sha256 === undefined)) {
      this.#restart();
      return;
    }
    for (let at = 0; at < size;) {
      this.#context.signal.throwIfAborted();
      const piece = await this.#writer.read(at, REHASH_BYTES);
      if (piece.length === 0) break;
      this.#hash.update(piece);
      at += piece.length;
    }
    this.#resumed = true;
    this.#context.onBytes(size, this.#total);
  }

  #restart(): void {
    this.#writer.clear();
    this.#hash = new Sha256();
    this.#resumed = false;
    this.#context.onBytes(0, this.#total);
  }

  /** Sends one request. True if the body is complete; false if this host does not have the file. */
  async #attempt(url: string): Promise<boolean> {
    const start = this.#writer.size;
    if (start > 0 && start === this.#total) return true;
    const stall = new AbortController();
    const stallMs = this.#context.stallMs ?? STALL_MS;
    const stalled = (): void => stall.abort(new Error(`the host sent nothing for ${stallMs / 1000} seconds`));
    let timer = setTimeout(stalled, stallMs);
    try {
      const response = await (this.#context.fetch ?? fetch)(url, {
        signal: AbortSignal.any([this.#context.signal, stall.signal]),
        // The store keeps the bytes; a second copy in the HTTP cache would only take up space.
        cache: "no-store",
        referrerPolicy: "no-referrer",
        // `If-Range` would need a CORS preflight, which model hosts do not answer, so #accept compares the versions.
        ...(start > 0 && { headers: { Range: `bytes=${start}-` } }),
      });
      if (!(await this.#accept(url, response, start))) return false;
      const reader = response.body?.getReader();
      for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) {
        clearTimeout(timer);
        timer = setTimeout(stalled, stallMs);
        await this.#writer.append(piece.value);
        this.#hash.update(piece.value);
        this.#context.onBytes(this.#writer.size, this.#total);
        this.#refuseExcess();
      }
      this.#judgeEnd();
      return true;
    } finally {
      clearTimeout(timer);
      stall.abort();
    }
  }

  /** Checks the head of the answer before any byte is written. False if the host does not have the file. */
  async #accept(url: string, response: Response, start: number): Promise<boolean> {
    if (response.status === 404 || response.status === 410) return false;
    if (response.status === 401 || response.status === 403) {
      throw new MicrogridError(
        "network",
        `${hostOf(url)} refuses to give out ${this.#file.path} (${response.status}). The model may be private, ` +
          "or its terms may have to be accepted first; choose another model or another host.",
      );
    }
    if (response.status === 416) {
      // The host's file is not longer than our part. If the part is from an earlier visit, the file has changed; if it
      // is new, it is all there is.
      if (!this.#resumed) throw this.#tooShort();
      this.#restart();
      throw new RestartFromStart("the file changed while it was downloaded");
    }
    if (!response.ok) throw unwelcome(url, response);
    // Static hosts answer with their start page if a file is missing.
    if ((response.headers.get("Content-Type") ?? "").startsWith("text/html")) return false;

    const validator = validatorOf(url, response);
    const range = parseRange(response.headers.get("Content-Range"));
    if (start > 0) {
      const sameHost = this.#validator?.url === url;
      const changed = sameHost && validator?.value !== this.#validator?.value;
      const misplaced = response.status === 206 && range !== undefined && range.start !== start;
      if (response.status === 206 && (changed || misplaced)) {
        this.#restart();
        await this.#note(validator);
        throw new RestartFromStart("the file changed while it was downloaded");
      }
      // A host without support for ranges sends the whole file again.
      if (response.status !== 206) this.#restart();
    }
    if (validator?.value !== this.#validator?.value || validator?.url !== this.#validator?.url) {
      await this.#note(validator);
    }
    this.#total = this.#file.bytes ?? range?.total;
    this.#toldSha256 = sha256Of(response.headers.get("X-Linked-ETag"));
    return true;
  }

  async #note(validator: Validator | undefined): Promise<void> {
    this.#validator = validator;
    await this.#context.onValidator(validator);
  }

  /** If a body ends early, the rest is requested once more; if it ends at the same byte again, the host has no more. */
  #judgeEnd(): void {
    const size = this.#writer.size;
    if (this.#total === undefined || size >= this.#total) return;
    if (this.#shortEnd === size) throw this.#tooShort();
    this.#shortEnd = size;
    throw new Error("the connection ended early");
  }

  #tooShort(): MicrogridError {
    const size = formatBytes(this.#writer.size);
    this.#writer.clear();
    return corrupt(this.#file.path, `has ${size} instead of ${formatBytes(this.#total ?? 0)}`);
  }

  #refuseExcess(): void {
    if (this.#file.bytes !== undefined && this.#writer.size > this.#file.bytes) {
      this.#writer.clear();
      throw corrupt(this.#file.path, `is longer than the ${formatBytes(this.#file.bytes)} it should have`);
    }
  }

  async #finish(): Promise<Downloaded> {
    const bytes = this.#writer.size;
    const sha256 = this.#hash.digest();
    const expected = this.#file.sha256 ?? this.#toldSha256;
    if (expected === undefined || expected === sha256) return { bytes, sha256 };
    const resumed = this.#resumed;
    this.#restart();
    // The part from an earlier visit may have been damaged, so try once with a new copy.
    if (resumed) return this.run();
    throw corrupt(this.#file.path, "does not have the content that its hash promises");
  }

  #absent(): Downloaded {
    if (this.#file.optional) return "absent";
    const [url] = this.#file.urls;
    if (url === undefined) {
      throw new MicrogridError(
        "file-missing",
        `The file ${this.#file.path} is no longer in this browser's storage. Remove the model and add its files again.`,
      );
    }
    throw new MicrogridError(
      "file-missing",
      `${hostOf(url)} does not have the file ${this.#file.path}, which this model needs. Check the address, or choose another model.`,
    );
  }
}

/** Means that the bytes written so far are of no use and the file is requested again from its start. */
class RestartFromStart extends Error {}

function validatorOf(url: string, response: Response): Validator | undefined {
  const value = response.headers.get("ETag") ?? response.headers.get("Last-Modified");
  return value === null ? undefined : { url, value };
}

function parseRange(header: string | null): { start: number; total: number | undefined } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? "");
  return match ? { start: Number(match[1]), total: match[2] === "*" ? undefined : Number(match[2]) } : undefined;
}

function sha256Of(etag: string | null): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(etag ?? "")?.[1];
}
