/** Stores whole files, which come from their hosts or from the user, and checks them. */
import { MicrogridError, toMicrogridError, Turns } from "../core";
import type { Disk, FileWriter } from "./disk";
import { downloadFile, type DownloadContext } from "./file-download";
import type { ProgressLine } from "./progress-board";
import { isQuota, quotaError } from "./quota";
import type { ModelRecords } from "./records";
import { Sha256 } from "./sha256";
import { matches, type FileRequest, type StoredFile } from "./store-protocol";

/** Size of the pieces in which stored files are read. */
const PIECE_BYTES = 4 * 2 ** 20;

/** Options that tests replace. */
export type WholeOverrides = Pick<DownloadContext, "fetch" | "stallMs" | "backoffMs">;

/** Downloads or imports files, and finds those that are stored. */
export class WholeFiles {
  readonly #disk: Disk;
  readonly #records: ModelRecords;
  readonly #overrides: WholeOverrides;
  readonly #turns = new Turns();

  constructor(place: { readonly disk: Disk; readonly records: ModelRecords }, overrides: WholeOverrides = {}) {
    this.#disk = place.disk;
    this.#records = place.records;
    this.#overrides = overrides;
  }

  /** The complete file, if it is on the disk with the right size. A record without its file is deleted. */
  async stored(model: string, path: string): Promise<StoredFile | undefined> {
    const complete = (await this.#records.file(model, path))?.complete;
    if (!complete) return undefined;
    const blob = await this.#disk.blob(model, path);
    if (blob?.size === complete.bytes) return { path, ...complete, blob };
    await this.#records.deleteFile(model, path);
    return undefined;
  }

  /**
   * Downloads a file from its hosts; undefined if the file is optional and no host has it. If two calls want the same
   * file, the later one waits and then finds it stored. Throws like `downloadFile`.
   */
  fetch(model: string, file: FileRequest, signal: AbortSignal, line: ProgressLine): Promise<StoredFile | undefined> {
    const receive = async (): Promise<StoredFile | undefined> => {
      const stored = await this.stored(model, file.path);
      return stored && matches(stored, file) ? stored : this.#receive(model, file, signal, line);
    };
    return this.#turns.take(JSON.stringify([model, file.path]), receive, { signal });
  }

  async #receive(
    model: string,
    file: FileRequest,
    signal: AbortSignal,
    line: ProgressLine,
  ): Promise<StoredFile | undefined> {
    const records = this.#records;
    const { path } = file;
    const record = await records.file(model, path);
    // If a complete file is requested again, it does not match the request, so its bytes are of no use.
    const validator = record?.complete ? undefined : record?.validator;
    const writer = await openWriter(this.#disk, model, path);
    let kept = false;
    try {
      if (record?.complete) writer.clear();
      await records.saveFile({ model, path, validator });
      const result = await downloadFile(file, writer, validator, {
        ...this.#overrides,
        signal,
        onBytes: (received, total) => line.received(received, total),
        onValidator: (found) => records.saveFile({ model, path, validator: found }),
        onRetry: (reason) => line.waiting(reason),
      });
      kept = result !== "absent";
      if (result === "absent") return undefined;
      writer.close();
      await records.saveFile({ model, path, complete: result });
    } finally {
      kept ||= writer.size > 0;
      writer.close();
      if (!kept) await this.#forget(model, path);
    }
    return this.stored(model, path);
  }

  /** Stores a file that the user picked. Throws `quota-exceeded`, `storage-unavailable`, or the signal's reason. */
  async import(
    model: string,
    file: { readonly path: string; readonly blob: Blob },
    signal: AbortSignal,
    line: ProgressLine,
  ): Promise<StoredFile> {
    const { path, blob } = file;
    await this.#records.deleteFile(model, path);
    const writer = await openWriter(this.#disk, model, path);
    const hash = new Sha256();
    try {
      writer.clear();
      for (let at = 0; at < blob.size; at += PIECE_BYTES) {
        signal.throwIfAborted();
        const piece = new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer());
        await writer.append(piece);
        hash.update(piece);
        line.received(writer.size, blob.size);
      }
    } catch (error) {
      writer.close();
      await this.#forget(model, path);
      if (isQuota(error)) throw await quotaError(path);
      throw error;
    }
    writer.close();
    await this.#records.saveFile({ model, path, complete: { bytes: blob.size, sha256: hash.digest() } });
    const stored = await this.stored(model, path);
    if (!stored) throw new MicrogridError("storage-unavailable", `${path} could not be read back from the store.`);
    return stored;
  }

  /** Reads a stored file again. If its content does not have the hash, or the hash is unknown, deletes it: false. */
  async recheck(model: string, { path, sha256 }: Pick<FileRequest, "path" | "sha256">): Promise<boolean> {
    const stored = sha256 === undefined ? undefined : await this.stored(model, path);
    const hash = new Sha256();
    for (let at = 0; stored && at < stored.bytes; at += PIECE_BYTES) {
      hash.update(new Uint8Array(await stored.blob.slice(at, at + PIECE_BYTES).arrayBuffer()));
    }
    if (stored && hash.digest() === sha256) return true;
    await this.#forget(model, path);
    return false;
  }

  async #forget(model: string, path: string): Promise<void> {
    await this.#disk.removeFile(model, path);
    await this.#records.deleteFile(model, path);
  }
}

async function openWriter(disk: Disk, model: string, path: string): Promise<FileWriter> {
  try {
    return await disk.openWriter(model, path);
  } catch (error) {
    if (isQuota(error)) throw await quotaError(path);
    throw toMicrogridError(
      error,
      "storage-unavailable",
      `The browser's storage refused to open ${path}. Another tab may be writing to it; close the other tabs of this site and try again.`,
    );
  }
}
