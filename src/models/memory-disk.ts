/** Keeps the files of models in memory: in browsers without file storage, and in unit tests. */
import type { Disk, FileWriter } from "./disk";

/** Files in memory; they are lost when the worker ends. */
export class MemoryDisk implements Disk {
  readonly inMemory: boolean = true;
  readonly #files = new Map<string, Map<string, Blob[]>>();

  openWriter(model: string, path: string): Promise<FileWriter> {
    const folder = this.#files.get(model) ?? new Map<string, Blob[]>();
    this.#files.set(model, folder);
    const parts = folder.get(path) ?? [];
    folder.set(path, parts);
    return Promise.resolve(new MemoryWriter(parts));
  }

  blob(model: string, path: string): Promise<Blob | undefined> {
    const parts = this.#files.get(model)?.get(path);
    return Promise.resolve(parts && new Blob(parts));
  }

  removeFile(model: string, path: string): Promise<void> {
    this.#files.get(model)?.delete(path);
    return Promise.resolve();
  }

  removeModel(model: string): Promise<void> {
    this.#files.delete(model);
    return Promise.resolve();
  }
}

class MemoryWriter implements FileWriter {
  readonly #parts: Blob[];

  constructor(parts: Blob[]) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#parts.reduce((sum, part) => sum + part.size, 0);
  }

  append(bytes: Uint8Array): Promise<void> {
    this.#parts.push(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    return Promise.resolve();
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    return new Uint8Array(await new Blob(this.#parts).slice(at, at + length).arrayBuffer());
  }

  clear(): void {
    this.#parts.length = 0;
  }

  close(): void {
    // There is no handle to release.
  }
}
