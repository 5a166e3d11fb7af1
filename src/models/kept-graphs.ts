/** Reads graphs without their weights, and keeps them for the next visit. */
import { type RangeSource, fileSource } from "../core";
import type { Disk } from "./disk";
import { FileRanges } from "./file-ranges";
import type { RangeOverrides } from "./kept-ranges";
import type { FileRecord, ModelRecords } from "./records";
import { readSkeleton } from "../onnx";
import type { GraphRequest, GraphWithoutWeights, StoreOptions } from "./store-protocol";

/** Requests to a host at once: browsers allow six to a host over HTTP/1. */
const REQUESTS_AT_ONCE = 6;
/** Reports of progress are at least this far apart, in bytes of the file: a walk over a stored file takes thousands of reads. */
const REPORT_BYTES = 2 ** 20;

/** Reads graphs of stored files and of files on hosts. */
export class KeptGraphs {
  readonly #disk: Disk;
  readonly #records: ModelRecords;
  readonly #overrides: RangeOverrides;

  constructor(place: { readonly disk: Disk; readonly records: ModelRecords }, overrides: RangeOverrides = {}) {
    this.#disk = place.disk;
    this.#records = place.records;
    this.#overrides = overrides;
  }

  /** Reads the graph of a file that is stored whole. Throws like `readSkeleton`. */
  async ofFile(file: Blob, request: GraphRequest, options: StoreOptions): Promise<GraphWithoutWeights> {
    return { bytes: await this.#walk(fileSource(file, options.signal), request, 1, options), hosts: [] };
  }

  /**
   * Reads the graph of a file by ranges from its hosts. It is kept if the listing names the file's hash, so that it can be
   * recognised. Throws like `readSkeleton` and `FileRanges.read`.
   */
  async ofHosts(
    model: string,
    request: GraphRequest & { readonly bytes: number },
    options: StoreOptions,
  ): Promise<GraphWithoutWeights> {
    const kept = await this.#kept(model, request);
    if (kept) return { bytes: kept, hosts: [] };
    const versions = new Map<string, string>();
    const { path, urls, bytes: fileBytes } = request;
    const ranges = new FileRanges({ path, urls }, { ...this.#overrides, versions });
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      return new Uint8Array(await (await ranges.read(offset, length, options)).arrayBuffer());
    };
    const bytes = await this.#walk({ bytes: fileBytes, read }, request, REQUESTS_AT_ONCE, options);
    await this.#keep(model, request, bytes);
    return { bytes, hosts: [...versions] };
  }

  #walk(
    source: RangeSource,
    { path, maxGraphBytes }: GraphRequest,
    readsAtOnce: number,
    { onProgress }: StoreOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    let told = 0;
    return readSkeleton(source, path, {
      ...{ maxBytes: maxGraphBytes, readsAtOnce },
      onProgress: (passedBytes) => {
        if (passedBytes < Math.min(told + REPORT_BYTES, source.bytes)) return;
        told = passedBytes;
        onProgress({
          ...{ receivedBytes: passedBytes, totalBytes: source.bytes },
          ...{ inMemory: this.#disk.inMemory, waitingFor: undefined },
        });
      },
    });
  }

  async #kept(model: string, request: GraphRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (const record of await this.#records.files()) {
      if (record.model !== model || record.part?.file !== graphOf(request)) continue;
      const blob = await this.#disk.blob(model, record.path);
      if (record.part.version === request.sha256 && blob?.size === record.part.bytes) {
        return new Uint8Array(await blob.arrayBuffer());
      }
      await this.#drop(record);
    }
    return undefined;
  }

  async #keep(model: string, request: GraphRequest, bytes: Uint8Array): Promise<void> {
    const { sha256 } = request;
    if (sha256 === undefined || this.#disk.inMemory) return;
    const file = graphOf(request);
    try {
      const writer = await this.#disk.openWriter(model, file);
      try {
        writer.clear();
        await writer.append(bytes);
      } finally {
        writer.close();
      }
      const part = { file, version: sha256, at: 0, bytes: bytes.length, hosts: [] };
      await this.#records.saveFile({ model, path: file, part });
    } catch {
      // The disk is full or refuses; the graph is read again the next time.
      await this.#disk.removeFile(model, file).catch(() => undefined);
    }
  }

  async #drop({ model, path }: Pick<FileRecord, "model" | "path">): Promise<void> {
    await this.#disk.removeFile(model, path);
    await this.#records.deleteFile(model, path);
  }
}

/** The name of a file's graph in the store. No file of a model has it, so it is never taken for a part of one. */
function graphOf({ path }: GraphRequest): string {
  return `${path}#graph`;
}
