/** The model store, as it runs in the store worker: downloads, keeps and hands out files. */
import { errorToData, MicrogridError, toMicrogridError } from "../core";
import { openDisk, type Disk, type FileWriter } from "./disk";
import { downloadFile, type DownloadContext } from "./file-download";
import { KeptRanges, type RangeOverrides } from "./kept-ranges";
import { isQuota, quotaError, storageEstimate } from "./quota";
import { ModelRecords, type FileRecord } from "./records";
import { ProgressBoard, type ProgressLine } from "./progress-board";
import { Sha256 } from "./sha256";
import {
  matches,
  type FileRequest,
  type Outcome,
  type RangeRequest,
  type StoreApi,
  type StoredFile,
  type StoredSummary,
  type StoreProgress,
} from "./store-protocol";
import { Turns } from "./turns";

/** Files of one model that are received at the same time: small ones do not wait behind a big one. */
const PARALLEL_FILES = 3;
const IMPORT_PIECE_BYTES = 4 * 2 ** 20;

/** What tests replace. */
export type DownloadOverrides = Pick<DownloadContext, "fetch" | "stallMs" | "backoffMs"> &
  Pick<RangeOverrides, "wait" | "maxPartBytes">;

/** Implements `StoreApi`; `workers/store.ts` exposes one of it. */
export class ModelStore implements StoreApi {
  readonly #opened: Promise<{ disk: Disk; records: ModelRecords }>;
  readonly #overrides: DownloadOverrides;
  readonly #running = new Map<string, AbortController>();
  readonly #turns = new Turns();
  #ranges: Promise<KeptRanges> | undefined;

  /** Without arguments: the browser's disk and database. */
  constructor(parts?: { disk: Disk; records: ModelRecords }, overrides: DownloadOverrides = {}) {
    this.#opened = parts ? Promise.resolve(parts) : openParts();
    this.#overrides = overrides;
  }

  download(
    ticket: string,
    model: string,
    files: readonly FileRequest[],
    onProgress: (progress: StoreProgress) => void,
  ): Promise<Outcome<StoredFile[]>> {
    return this.#run(ticket, async (signal) => {
      const { disk } = await this.#opened;
      const present = await Promise.all(files.map((file) => this.#stored(model, file.path)));
      const valid = present.map((stored, index) => (stored && matches(stored, files[index]!) ? stored : undefined));
      const board = new ProgressBoard(files, valid, disk.inMemory, onProgress);
      await refuseWithoutRoom(model, board.missingBytes);
      try {
        await inParallel(files, PARALLEL_FILES, signal, async (file, index, stop) => {
          valid[index] ??= await this.#fetchFile(model, file, stop, board.line(index));
        });
      } finally {
        board.flush();
      }
      return valid.filter((stored) => stored !== undefined);
    });
  }

  cancel(ticket: string): Promise<void> {
    this.#running.get(ticket)?.abort();
    return Promise.resolve();
  }

  importFiles(
    ticket: string,
    model: string,
    files: readonly { readonly path: string; readonly blob: Blob }[],
    onProgress: (progress: StoreProgress) => void,
  ): Promise<Outcome<StoredFile[]>> {
    return this.#run(ticket, async (signal) => {
      const { disk } = await this.#opened;
      const sizes = files.map(({ path, blob }) => ({ path, urls: [], bytes: blob.size }));
      const board = new ProgressBoard(sizes, [], disk.inMemory, onProgress);
      await refuseWithoutRoom(model, board.missingBytes);
      const stored: StoredFile[] = [];
      try {
        for (const [index, file] of files.entries()) {
          stored.push(await this.#importFile(model, file, signal, board.line(index)));
        }
      } finally {
        board.flush();
      }
      return stored;
    });
  }

  readRange(ticket: string, model: string, request: RangeRequest): Promise<Outcome<Blob>> {
    const { path, urls, offset, length } = request;
    return this.#run(ticket, async (signal) => {
      // Before anything is handed out: it deletes what is not needed any more.
      const ranges = await (this.#ranges ??= this.#openRanges());
      const whole = await this.#stored(model, path);
      if (whole && matches(whole, request)) {
        if (offset + length <= whole.bytes) return whole.blob.slice(offset, offset + length);
        throw new MicrogridError("file-corrupt", `${path} is cut off. Remove the model and load it again.`);
      }
      if (urls.length === 0) throw goneFromStore(path);
      return ranges.read(model, request, signal);
    });
  }

  open(model: string, paths: readonly string[]): Promise<Outcome<StoredFile[] | undefined>> {
    return outcome(async () => {
      const files = await Promise.all(paths.map((path) => this.#stored(model, path)));
      return files.every((file) => file !== undefined) ? files : undefined;
    });
  }

  summaries(): Promise<Outcome<StoredSummary[]>> {
    return outcome(async () => {
      const { records } = await this.#opened;
      const byModel = new Map<string, FileRecord[]>();
      for (const file of await records.files()) byModel.set(file.model, [...(byModel.get(file.model) ?? []), file]);
      return [...byModel].map(([model, files]) => ({
        model,
        completePaths: files.filter((file) => file.complete).map((file) => file.path),
        partialPaths: files.filter((file) => !file.complete).map((file) => file.path),
      }));
    });
  }

  remove(model: string): Promise<Outcome<void>> {
    return outcome(async () => {
      const { disk, records } = await this.#opened;
      for (const file of await records.files()) if (file.model === model) await records.deleteFile(model, file.path);
      await disk.removeModel(model);
      (await this.#ranges)?.forget(model);
    });
  }

  /** Runs a cancellable call under its ticket. */
  #run<T>(ticket: string, work: (signal: AbortSignal) => Promise<T>): Promise<Outcome<T>> {
    const controller = new AbortController();
    this.#running.set(ticket, controller);
    return outcome(() => work(controller.signal)).finally(() => this.#running.delete(ticket));
  }

  /** The complete file, checked to be there with its size; a record without its file is dropped. */
  async #stored(model: string, path: string): Promise<StoredFile | undefined> {
    const { disk, records } = await this.#opened;
    const complete = (await records.file(model, path))?.complete;
    if (!complete) return undefined;
    const blob = await disk.blob(model, path);
    if (blob?.size === complete.bytes) return { path, ...complete, blob };
    await records.deleteFile(model, path);
    return undefined;
  }

  async #openRanges(): Promise<KeptRanges> {
    const ranges = new KeptRanges(await this.#opened, this.#overrides);
    await ranges.tidy();
    return ranges;
  }

  /** Two calls may want the same file; the later one waits, and finds it there. */
  #fetchFile(
    model: string,
    file: FileRequest,
    signal: AbortSignal,
    line: ProgressLine,
  ): Promise<StoredFile | undefined> {
    return this.#turns.take(JSON.stringify([model, file.path]), signal, async () => {
      const stored = await this.#stored(model, file.path);
      return stored && matches(stored, file) ? stored : this.#receiveFile(model, file, signal, line);
    });
  }

  async #receiveFile(
    model: string,
    file: FileRequest,
    signal: AbortSignal,
    line: ProgressLine,
  ): Promise<StoredFile | undefined> {
    const { disk, records } = await this.#opened;
    const { path } = file;
    const record = await records.file(model, path);
    // A complete record that is here again does not match what is asked for: its bytes are of no use.
    const validator = record?.complete ? undefined : record?.validator;
    const writer = await openWriter(disk, model, path);
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
    return this.#stored(model, path);
  }

  async #forget(model: string, path: string): Promise<void> {
    const { disk, records } = await this.#opened;
    await disk.removeFile(model, path);
    await records.deleteFile(model, path);
  }

  async #importFile(
    model: string,
    file: { readonly path: string; readonly blob: Blob },
    signal: AbortSignal,
    line: ProgressLine,
  ): Promise<StoredFile> {
    const { disk, records } = await this.#opened;
    const { path, blob } = file;
    await records.deleteFile(model, path);
    const writer = await openWriter(disk, model, path);
    const hash = new Sha256();
    try {
      writer.clear();
      for (let at = 0; at < blob.size; at += IMPORT_PIECE_BYTES) {
        signal.throwIfAborted();
        const piece = new Uint8Array(await blob.slice(at, at + IMPORT_PIECE_BYTES).arrayBuffer());
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
    await records.saveFile({ model, path, complete: { bytes: blob.size, sha256: hash.digest() } });
    const stored = await this.#stored(model, path);
    if (!stored) throw new MicrogridError("storage-unavailable", `${path} could not be read back from the store.`);
    return stored;
  }
}

async function openParts(): Promise<{ disk: Disk; records: ModelRecords }> {
  const disk = await openDisk();
  // Files that end with this worker must not be remembered longer than it.
  return { disk, records: disk.inMemory ? ModelRecords.inMemory() : await ModelRecords.open() };
}

async function openWriter(disk: Disk, model: string, path: string): Promise<FileWriter> {
  try {
    return await disk.openWriter(model, path);
  } catch (error) {
    if (isQuota(error)) throw await quotaError(path);
    throw toMicrogridError(
      error,
      "storage-unavailable",
      `The browser's storage refused to open ${path}. Another tab may be writing it; close other tabs of this site and try again.`,
    );
  }
}

/** For files that come from this device and have no host. */
function goneFromStore(path: string): MicrogridError {
  return new MicrogridError(
    "file-missing",
    `The file ${path} is not in this browser's storage, and no host has it. Remove the model and add its files again.`,
  );
}

/** Says so before the first byte where the browser will not grant the room. */
async function refuseWithoutRoom(model: string, neededBytes: number): Promise<void> {
  if (neededBytes === 0) return;
  const { usage, quota } = await storageEstimate();
  if (usage === undefined || quota === undefined || quota - usage >= neededBytes) return;
  throw await quotaError(model, neededBytes);
}

/** Runs `work` over all items, `width` at a time; the first failure stops the others and is thrown when they have. */
async function inParallel<T>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  work: (item: T, index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (stop.aborted) return;
      await work(item, index, stop).catch((error: unknown) => failure.abort(error));
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  stop.throwIfAborted();
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: errorToData(error) };
  }
}
