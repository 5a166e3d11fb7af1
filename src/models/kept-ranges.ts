/** Reads parts of files that are too large to store whole, and keeps them on disk for the next visit. */
import { MicrogridError, Turns } from "../core";
import type { Disk } from "./disk";
import { FileRanges } from "./file-ranges";
import type { FileRecord, ModelRecords } from "./records";
import { SharedWork } from "./shared-work";
import type { FileRangeRequest } from "./store-protocol";

/**
 * Longest part that is fetched in one request and kept as one file; a broken connection loses at most this much. Parts
 * end at multiples of it, so that splits at other layers can reuse them.
 */
const MAX_PART_BYTES = 32 * 2 ** 20;
/** A part's time of use is noted again after this time, ms. */
const USE_INTERVAL_MS = 3_600_000;

/** Options that tests replace. */
export interface RangeOverrides extends Pick<
  NonNullable<ConstructorParameters<typeof FileRanges>[1]>,
  "fetch" | "wait"
> {
  readonly maxPartBytes?: number;
}

/** Bytes `[at, at + bytes)` of a file, stored as a file of their own. */
interface Part {
  readonly at: number;
  readonly bytes: number;
  /** Path in the store. */
  readonly path: string;
  /** When it was last read, as far as that is noted. */
  usedAt: number;
}

/** The state of one version of a file. */
interface PartialFile {
  readonly model: string;
  readonly file: string;
  readonly version: string;
  readonly hosts: Map<string, string>;
  readonly ranges: FileRanges;
  parts: Part[];
  /** Set when nothing of it may be kept any more, because its model is removed or its host has another version. */
  obsolete: boolean;
}

/** Bytes that lie in one stored part, or that have to be fetched. */
interface Stretch {
  readonly at: number;
  readonly bytes: number;
  /** The stored part that contains them; undefined if they have to be fetched. */
  readonly part: Part | undefined;
}

/** Reads parts of files. Two callers that want the same part at once share one request. */
export class KeptRanges {
  readonly #disk: Disk;
  readonly #records: ModelRecords;
  readonly #overrides: RangeOverrides;
  readonly #maxPartBytes: number;
  readonly #files = new Map<string, Promise<PartialFile>>();
  readonly #fetching = new SharedWork<Blob, never>();
  /** Per model, one part is written or the model removed at a time. */
  readonly #turns = new Turns();
  #tidied: Promise<void> | undefined;
  #budget = Infinity;

  constructor(place: { readonly disk: Disk; readonly records: ModelRecords }, overrides: RangeOverrides = {}) {
    this.#disk = place.disk;
    this.#records = place.records;
    this.#overrides = overrides;
    this.#maxPartBytes = overrides.maxPartBytes ?? MAX_PART_BYTES;
  }

  /**
   * Returns exactly the requested bytes: stored parts from the disk, the rest from the hosts. A part that does not fit
   * on the disk is returned all the same and fetched again the next time. Nothing is kept if files live in memory,
   * because weights that an engine has loaded must not take memory twice. Throws like `FileRanges.read`.
   */
  async read(model: string, request: FileRangeRequest, signal: AbortSignal): Promise<Blob> {
    const file = await this.#open(model, request);
    const pieces: Blob[] = [];
    for (const { at, bytes, part } of stretches(file.parts, request.offset, request.length, this.#maxPartBytes)) {
      const kept = part && (await this.#kept(file, part));
      pieces.push(kept?.slice(at - part!.at, at - part!.at + bytes) ?? (await this.#fetch(file, at, bytes, signal)));
    }
    return new Blob(pieces);
  }

  /** Runs `work`, which deletes all files of a model. Parts that are being read meanwhile are returned but not kept. */
  remove(model: string, work: () => Promise<void>): Promise<void> {
    return this.#turns.take(model, async () => {
      for (const [key, opening] of this.#files) {
        if ((JSON.parse(key) as string[])[0] !== model) continue;
        this.#files.delete(key);
        void opening.then(
          (file) => (file.obsolete = true),
          () => undefined,
        );
      }
      await work();
    });
  }

  /** Keeps at most this many bytes of parts: those that were not used for the longest time are deleted, now and later. */
  async limit(bytes: number): Promise<void> {
    this.#budget = bytes;
    await this.#makeRoom();
  }

  /**
   * Deletes parts of files that have been stored whole in the meantime. It does so once, and must be called before any
   * part is returned. Rejects if the store cannot list its files; the next call tries again.
   */
  tidy(): Promise<void> {
    this.#tidied ??= this.#tidy().catch((error: unknown) => {
      this.#tidied = undefined;
      throw error;
    });
    return this.#tidied;
  }

  async #tidy(): Promise<void> {
    const records = await this.#records.files();
    const whole = new Set(
      records.flatMap(({ model, path, complete }) => (complete ? JSON.stringify([model, path]) : [])),
    );
    for (const record of records) {
      if (!record.part || !whole.has(JSON.stringify([record.model, record.part.file]))) continue;
      // A file that another tab has open cannot be deleted; the next visit will do it.
      await this.#drop(record).catch(() => undefined);
    }
  }

  #open(model: string, request: FileRangeRequest): Promise<PartialFile> {
    const key = keyOf(model, request.path, request.version);
    const known = this.#files.get(key);
    if (known) return known;
    const opening = this.#load(model, request);
    this.#files.set(key, opening);
    opening.catch(() => this.#files.get(key) === opening && this.#files.delete(key));
    return opening;
  }

  /** Loads the list of parts from earlier visits and deletes parts of other versions of the file. */
  async #load(model: string, request: FileRangeRequest): Promise<PartialFile> {
    const { path: file, version, urls } = request;
    const hosts = new Map(request.hosts);
    const parts: Part[] = [];
    for (const record of await this.#records.files()) {
      const { part, path } = record;
      if (record.model !== model || part?.file !== file) continue;
      if (part.version !== version) await this.#drop(record);
      else {
        parts.push({ at: part.at, bytes: part.bytes, path, usedAt: part.usedAt ?? 0 });
        for (const [url, told] of part.hosts) if (!hosts.has(url)) hosts.set(url, told);
      }
    }
    const ranges = new FileRanges({ path: file, urls }, { ...this.#overrides, versions: hosts });
    return { model, file, version, hosts, ranges, parts, obsolete: false };
  }

  /** The part's bytes. If its file is gone or damaged, the part is forgotten and the result is undefined. */
  async #kept(file: PartialFile, part: Part): Promise<Blob | undefined> {
    const blob = await this.#disk.blob(file.model, part.path);
    if (blob?.size === part.bytes) {
      await this.#use(file, part).catch(() => undefined);
      return blob;
    }
    file.parts = file.parts.filter((other) => other !== part);
    await this.#drop({ model: file.model, path: part.path });
    return undefined;
  }

  #fetch(file: PartialFile, at: number, bytes: number, signal: AbortSignal): Promise<Blob> {
    return this.#fetching.join(
      JSON.stringify([keyOf(file.model, file.file, file.version), at, bytes]),
      async (stop) => this.#keep(file, at, await this.#ask(file, at, bytes, stop)),
      { signal, onProgress: () => undefined },
    );
  }

  async #ask(file: PartialFile, at: number, bytes: number, signal: AbortSignal): Promise<Blob> {
    try {
      return await file.ranges.read(at, bytes, { signal });
    } catch (error) {
      // The host has another version now, so the stored parts are useless.
      if (error instanceof MicrogridError && error.code === "file-corrupt") await this.#dropAll(file);
      throw error;
    }
  }

  /**
   * Writes a part to the disk and returns it from there, so that it takes no memory; if that fails, returns it
   * unchanged.
   */
  async #keep(file: PartialFile, at: number, blob: Blob): Promise<Blob> {
    if (this.#disk.inMemory) return blob;
    return this.#turns.take(file.model, () => (file.obsolete ? Promise.resolve(blob) : this.#write(file, at, blob)));
  }

  async #write(file: PartialFile, at: number, blob: Blob): Promise<Blob> {
    const { model, version, hosts } = file;
    const path = `${file.file}@${version.slice(0, 16)}+${at}-${at + blob.size}`;
    try {
      const writer = await this.#disk.openWriter(model, path);
      try {
        writer.clear();
        await writer.append(new Uint8Array(await blob.arrayBuffer()));
      } finally {
        writer.close();
      }
      const part = { file: file.file, version, at, bytes: blob.size, usedAt: Date.now(), hosts: [...hosts] };
      await this.#records.saveFile({ model, path, part });
    } catch {
      // The disk is full or refuses. The part is good all the same and will be fetched again.
      await this.#disk.removeFile(model, path).catch(() => undefined);
      return blob;
    }
    const part = { at, bytes: blob.size, path, usedAt: Date.now() };
    file.parts.push(part);
    await this.#makeRoom().catch(() => undefined);
    return (await this.#kept(file, part)) ?? blob;
  }

  async #use({ file, model, version, hosts }: PartialFile, part: Part): Promise<void> {
    const now = Date.now();
    if (now - part.usedAt < USE_INTERVAL_MS) return;
    part.usedAt = now;
    const { at, bytes, path } = part;
    await this.#records.saveFile({ model, path, part: { file, version, at, bytes, usedAt: now, hosts: [...hosts] } });
  }

  /** Deletes the parts that were not used for the longest time, beyond the budget. Readers that have them open forget them later. */
  async #makeRoom(): Promise<void> {
    if (this.#budget === Infinity) return;
    const parts = (await this.#records.files()).flatMap(({ model, path, part }) =>
      part ? [{ model, path, part }] : [],
    );
    let bytes = parts.reduce((sum, { part }) => sum + part.bytes, 0);
    for (const record of parts.sort((a, b) => (a.part.usedAt ?? 0) - (b.part.usedAt ?? 0))) {
      if (bytes <= this.#budget) return;
      await this.#drop(record);
      bytes -= record.part.bytes;
    }
  }

  async #dropAll(file: PartialFile): Promise<void> {
    const { model, parts } = file;
    file.obsolete = true;
    this.#files.delete(keyOf(model, file.file, file.version));
    await this.#turns.take(model, async () => {
      for (const { path } of parts.splice(0)) await this.#drop({ model, path });
    });
  }

  async #drop({ model, path }: Pick<FileRecord, "model" | "path">): Promise<void> {
    // In this order, so that a file that could not be deleted is still known.
    await this.#disk.removeFile(model, path);
    await this.#records.deleteFile(model, path);
  }
}

function keyOf(model: string, file: string, version: string): string {
  return JSON.stringify([model, file, version]);
}

/**
 * Cuts a range into stretches that lie in stored parts and stretches that do not; the latter end at multiples of
 * `longestBytes`.
 */
function stretches(parts: readonly Part[], offset: number, length: number, longestBytes: number): Stretch[] {
  const end = offset + length;
  const found: Stretch[] = [];
  for (let at = offset; at < end;) {
    const part = longest(parts.filter((candidate) => candidate.at <= at && at < endOf(candidate)));
    const border = (Math.floor(at / longestBytes) + 1) * longestBytes;
    const later = parts.map((other) => other.at).filter((start) => start > at);
    const next = part ? endOf(part) : Math.min(border, ...later);
    const bytes = Math.min(next, end) - at;
    found.push({ at, bytes, part });
    at += bytes;
  }
  return found;
}

function longest(parts: readonly Part[]): Part | undefined {
  return parts.reduce<Part | undefined>((best, part) => (best && endOf(best) >= endOf(part) ? best : part), undefined);
}

function endOf({ at, bytes }: Part): number {
  return at + bytes;
}
