/** Reads parts of a model's file from its hosts, for devices that hold only some of its layers. */
import { MicrogridError, isAbort, sleep } from "../core";
import { backoffMs, HostBusy, hostOf, refused, unwelcome } from "./web";

/** Number of requests for one part before it counts as failed. */
const MAX_TRIES = 4;

/** Answers of an address that was valid for some time only. */
const EXPIRED: readonly number[] = [400, 401, 403, 404, 410];

/** A file on one or more hosts. */
interface RemoteFile {
  /** Path inside the package, used in errors. */
  readonly path: string;
  /** Addresses of the same file, tried in this order. */
  readonly urls: readonly string[];
}

interface RangeOptions {
  readonly signal: AbortSignal;
  /** Replaces the browser's `fetch` in tests. */
  readonly fetch?: typeof fetch;
  /** Replaces the wait before another try in tests. */
  readonly wait?: (failures: number, signal: AbortSignal) => Promise<void>;
  /**
   * The version (`ETag` or date) that each host reported for parts that are already stored, by address. New ones are
   * added.
   */
  readonly versions?: Map<string, string>;
}

/** Reads parts of one file, all of the same version. */
export class FileRanges {
  readonly #file: RemoteFile;
  readonly #fetch: typeof fetch;
  readonly #wait: (failures: number, signal: AbortSignal) => Promise<void>;
  /** The version that each host reported in its first answer. */
  readonly #versions: Map<string, string>;
  /** The addresses that hosts have redirected to. */
  readonly #redirects = new Map<string, string>();

  constructor(file: RemoteFile, options: Omit<RangeOptions, "signal"> = {}) {
    this.#file = file;
    this.#versions = options.versions ?? new Map<string, string>();
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#wait = options.wait ?? ((failures, signal) => sleep(backoffMs(failures), signal));
  }

  /**
   * Returns exactly these bytes. A host that fails is asked again, then the next one is. Throws `network` if no host
   * delivers them, `unsupported-model` if the hosts deliver whole files only, `file-missing` if no host has the file,
   * and `file-corrupt` if the file has changed since its first part was read or is too short.
   */
  async read(offset: number, length: number, { signal }: { signal: AbortSignal }): Promise<Blob> {
    let failure: unknown;
    for (const url of this.#file.urls) {
      for (let failures = 0; failures < MAX_TRIES; failures++) {
        if (failures > 0) await this.#wait(failures, signal);
        if (failure instanceof HostBusy) await sleep(failure.waitMs, signal);
        signal.throwIfAborted();
        try {
          const part = await this.#ask(url, offset, length, signal);
          if (part) return part;
          break; // This host does not have the file.
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof MicrogridError) throw error;
          failure = error;
          if (error instanceof HostBusy && error.long) break;
        }
      }
    }
    throw failure === undefined ? this.#missing() : this.#unreachable(failure);
  }

  /**
   * Sends one request; undefined if the host does not have the file. Throws a plain error if another try may succeed.
   */
  async #ask(url: string, offset: number, length: number, signal: AbortSignal): Promise<Blob | undefined> {
    const end = offset + length - 1;
    const headers = { Range: `bytes=${offset}-${end}` };
    const response = await this.#request(url, { signal, headers, cache: "no-store", referrerPolicy: "no-referrer" });
    if (response.status !== 206) {
      // The body is not wanted: a whole file may have many gigabytes.
      await response.body?.cancel();
      this.#judge(url, response);
      return undefined;
    }
    const told = /^bytes (\d+)-(\d+)\//.exec(response.headers.get("Content-Range") ?? "");
    if (Number(told?.[1]) !== offset || Number(told?.[2]) > end) {
      await response.body?.cancel();
      throw new Error(`${hostOf(url)} sent a different part than was requested`);
    }
    if (Number(told?.[2]) < end) throw this.#changed("it is shorter than it should be");
    this.#compare(url, response);
    const part = await response.blob();
    if (part.size !== length) throw new Error(`${hostOf(url)} sent ${part.size} of ${length} bytes`);
    return part;
  }

  /** Asks the address that the host has redirected to before, as long as that is valid: each redirect takes a round trip. */
  async #request(url: string, init: RequestInit): Promise<Response> {
    const known = this.#redirects.get(url);
    if (known !== undefined) {
      const forget = (): void => void (this.#redirects.get(url) === known && this.#redirects.delete(url));
      const response = await this.#fetch(known, init).catch((error: unknown) => {
        forget();
        throw error;
      });
      if (!EXPIRED.includes(response.status)) return response;
      forget();
      await response.body?.cancel();
    }
    const response = await this.#fetch(url, init);
    if (response.redirected) this.#redirects.set(url, response.url);
    return response;
  }

  /** Throws the error for an answer without the part, unless the host does not have the file. */
  #judge(url: string, response: Response): void {
    const { status, ok, headers } = response;
    if (status === 404 || status === 410) return;
    if (status === 401 || status === 403) throw refused(url, response, this.#file.path);
    if (status === 416) throw this.#changed("it is shorter than it should be");
    if (!ok) throw unwelcome(url, response);
    // Static hosts answer with their start page if a file is missing.
    if ((headers.get("Content-Type") ?? "").startsWith("text/html")) return;
    throw new MicrogridError(
      "unsupported-model",
      `${hostOf(url)} delivers whole files only, so a device cannot load just some layers of this model. ` +
        "Use another host, or load the whole model.",
    );
  }

  #compare(url: string, { headers }: Response): void {
    const version = headers.get("ETag") ?? headers.get("Last-Modified");
    if (version === null) return;
    const first = this.#versions.get(url) ?? version;
    this.#versions.set(url, first);
    if (first !== version) throw this.#changed("it changed while its parts were read");
  }

  #changed(why: string): MicrogridError {
    return new MicrogridError("file-corrupt", `${this.#file.path} cannot be used: ${why}. Load the model again.`);
  }

  #missing(): MicrogridError {
    return new MicrogridError("file-missing", `No host has the model's file ${this.#file.path}. Choose another model.`);
  }

  #unreachable(cause: unknown): MicrogridError {
    const hosts = [...new Set(this.#file.urls.map(hostOf))].join(", ");
    const why = cause instanceof Error && !isAbort(cause) ? cause.message : "it does not answer";
    return new MicrogridError(
      "network",
      `${this.#file.path} cannot be read from ${hosts}: ${why}. Check the connection and try again.`,
      { cause },
    );
  }
}
