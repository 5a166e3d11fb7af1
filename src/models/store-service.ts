/** The model store, as it runs in the store worker: downloads, keeps and hands out files. */
import { MicrogridError, Turns, inParallel } from "../core";
import type { Disk } from "./disk";
import { openDisk } from "./open-disk";
import { KeptGraphs } from "./kept-graphs";
import { KeptRanges, type RangeOverrides } from "./kept-ranges";
import { quotaError, storageEstimate } from "./quota";
import { ModelRecords, type FileRecord } from "./records";
import { ProgressBoard } from "./progress-board";
import {
  matches,
  type FileRequest,
  type FileRangeRequest,
  type GraphRequest,
  type GgufSummary,
  type GraphWithoutWeights,
  type PickedFile,
  type StoreApi,
  type StoreOptions,
  type StoredFile,
  type StoredSummary,
} from "./store-protocol";
import { WholeFiles, type WholeOverrides } from "./whole-files";

/** Number of files of one model that are received at the same time, so that small files do not wait for a big one. */
const PARALLEL_FILES = 3;

/** Replacements that tests provide. */
type DownloadOverrides = WholeOverrides & Pick<RangeOverrides, "wait" | "maxPartBytes">;

/** Where files lie. */
interface Place {
  readonly disk: Disk;
  readonly records: ModelRecords;
}

/** Implements `StoreApi`; `workers/store.ts` exposes one of it. */
export class ModelStore implements StoreApi {
  readonly #opened: Promise<
    Place & { readonly whole: WholeFiles; readonly ranges: KeptRanges; readonly graphs: KeptGraphs }
  >;
  /** One download or import of a model at a time: an aborted one still closes its files when the next one begins. */
  readonly #turns = new Turns();

  /** Without arguments: the browser's disk and database. */
  constructor(place?: Place, overrides: DownloadOverrides = {}) {
    this.#opened = (place ? Promise.resolve(place) : openPlace()).then((opened) => ({
      ...opened,
      whole: new WholeFiles(opened, overrides),
      ranges: new KeptRanges(opened, overrides),
      graphs: new KeptGraphs(opened, overrides),
    }));
  }

  download(model: string, files: readonly FileRequest[], { signal, onProgress }: StoreOptions): Promise<StoredFile[]> {
    const work = async (): Promise<StoredFile[]> => {
      const { disk, whole } = await this.#opened;
      const present = await Promise.all(files.map((file) => whole.stored(model, file.path)));
      const valid = present.map((stored, index) => (stored && matches(stored, files[index]!) ? stored : undefined));
      const board = new ProgressBoard(files, valid, disk.inMemory, onProgress);
      await refuseWithoutRoom(model, board.missingBytes);
      try {
        await inParallel(files, PARALLEL_FILES, signal, async (file, index, stop) => {
          valid[index] ??= await whole.fetch(model, file, stop, board.line(index));
        });
      } finally {
        board.flush();
      }
      return valid.filter((stored) => stored !== undefined);
    };
    return this.#turns.take(model, work, { signal });
  }

  importFiles(
    model: string,
    files: readonly PickedFile[],
    { signal, onProgress }: StoreOptions,
  ): Promise<StoredFile[]> {
    const work = async (): Promise<StoredFile[]> => {
      const { disk, whole } = await this.#opened;
      const sizes = files.map(({ path, blob }) => ({ path, urls: [], bytes: blob.size }));
      const board = new ProgressBoard(sizes, [], disk.inMemory, onProgress);
      await refuseWithoutRoom(model, board.missingBytes);
      const stored: StoredFile[] = [];
      try {
        for (const [index, file] of files.entries()) {
          stored.push(await whole.import(model, file, signal, board.line(index)));
        }
      } finally {
        board.flush();
      }
      return stored;
    };
    return this.#turns.take(model, work, { signal });
  }

  async limitParts(bytes: number): Promise<void> {
    const { ranges } = await this.#opened;
    await ranges.limit(bytes);
  }

  async readRange(model: string, request: FileRangeRequest, { signal }: Pick<StoreOptions, "signal">): Promise<Blob> {
    const { path, urls, offset, length } = request;
    const { ranges, whole } = await this.#opened;
    // This must come first, because it deletes parts that are no longer needed.
    await ranges.tidy();
    const file = await whole.stored(model, path);
    if (file && matches(file, request)) {
      if (offset + length <= file.bytes) return file.blob.slice(offset, offset + length);
      throw new MicrogridError("file-corrupt", `${path} is cut off. Remove the model and load it again.`);
    }
    if (urls.length === 0) throw goneFromStore(path);
    return ranges.read(model, request, signal);
  }

  async readGraph(model: string, request: GraphRequest, options: StoreOptions): Promise<GraphWithoutWeights> {
    const { path, urls, bytes } = request;
    const { graphs, whole } = await this.#opened;
    const file = await whole.stored(model, path);
    if (file && matches(file, request)) return graphs.ofFile(file.blob, request, options);
    if (urls.length === 0) throw goneFromStore(path);
    if (bytes !== undefined) return graphs.ofHosts(model, { ...request, bytes }, options);
    throw new MicrogridError("unsupported-model", `The host of ${path} does not say how large it is.`);
  }

  async readGguf(
    model: string,
    request: Pick<FileRequest, "path" | "urls" | "bytes" | "sha256">,
    { signal }: Pick<StoreOptions, "signal">,
  ): Promise<GgufSummary | undefined> {
    const { whole } = await this.#opened;
    const file = await whole.stored(model, request.path);
    const { summarizeFile, summarizeRemote } = await import("./gguf-summary");
    if (file && matches(file, request)) return summarizeFile(file.blob, signal);
    return summarizeRemote(request, signal);
  }

  async open(model: string, paths: readonly string[]): Promise<StoredFile[] | undefined> {
    const { whole } = await this.#opened;
    const files = await Promise.all(paths.map((path) => whole.stored(model, path)));
    return files.every((file) => file !== undefined) ? files : undefined;
  }

  recheck(model: string, files: readonly Pick<FileRequest, "path" | "sha256">[]): Promise<string[]> {
    return this.#turns.take(model, async () => {
      const { whole } = await this.#opened;
      const deleted: string[] = [];
      for (const file of files) if (!(await whole.recheck(model, file))) deleted.push(file.path);
      return deleted;
    });
  }

  async summaries(): Promise<StoredSummary[]> {
    const { records } = await this.#opened;
    const byModel = new Map<string, FileRecord[]>();
    for (const file of await records.files()) byModel.set(file.model, [...(byModel.get(file.model) ?? []), file]);
    return [...byModel].map(([model, files]) => ({
      model,
      completePaths: files.filter((file) => file.complete).map((file) => file.path),
      partialPaths: files.filter((file) => !file.complete).map((file) => file.path),
    }));
  }

  async remove(model: string): Promise<void> {
    const { disk, records, ranges } = await this.#opened;
    await ranges.remove(model, async () => {
      for (const file of await records.files()) if (file.model === model) await records.deleteFile(model, file.path);
      await disk.removeModel(model);
    });
  }
}

async function openPlace(): Promise<Place> {
  const disk = await openDisk();
  // Files that end with this worker must not be remembered longer than it.
  return { disk, records: disk.inMemory ? ModelRecords.inMemory() : await ModelRecords.open() };
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
