/** Stores the bytes of model files in the origin's private file system, or in memory if there is none. */
import type { Disk, FileWriter } from "./disk";
import { MemoryDisk } from "./memory-disk";
import { sha256Text } from "./sha256";

const ROOT = "models";
/** How often an exclusive handle is asked for while a worker that is ending still holds it. */
const HANDLE_TRIES = 20;
const HANDLE_RETRY_MS = 100;

/** Opens the private file system if this worker may write to it through sync access handles, and memory otherwise. */
export async function openDisk(): Promise<Disk> {
  try {
    if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return new MemoryDisk();
    const origin = await navigator.storage.getDirectory();
    return new PrivateDisk(await origin.getDirectoryHandle(ROOT, { create: true }));
  } catch {
    return new MemoryDisk();
  }
}

class PrivateDisk implements Disk {
  readonly inMemory = false;
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async openWriter(model: string, path: string): Promise<FileWriter> {
    const folder = await this.#root.getDirectoryHandle(folderName(model), { create: true });
    return new HandleWriter(await handleWhenFree(await folder.getFileHandle(fileName(path), { create: true })));
  }

  async blob(model: string, path: string): Promise<Blob | undefined> {
    return unlessAbsent(async () => {
      const folder = await this.#root.getDirectoryHandle(folderName(model));
      return (await folder.getFileHandle(fileName(path))).getFile();
    });
  }

  async removeFile(model: string, path: string): Promise<void> {
    await unlessAbsent(async () => {
      const folder = await this.#root.getDirectoryHandle(folderName(model));
      await folder.removeEntry(fileName(path));
    });
  }

  async removeModel(model: string): Promise<void> {
    await unlessAbsent(() => this.#root.removeEntry(folderName(model), { recursive: true }));
  }
}

/** After a reload, the old page's worker may hold the handle for a moment longer. */
async function handleWhenFree(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const taken = error instanceof DOMException && error.name === "NoModificationAllowedError";
      if (!taken || tries >= HANDLE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, HANDLE_RETRY_MS));
    }
  }
}

class HandleWriter implements FileWriter {
  readonly #handle: FileSystemSyncAccessHandle;
  #size: number;
  #closed = false;

  constructor(handle: FileSystemSyncAccessHandle) {
    this.#handle = handle;
    this.#size = handle.getSize();
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): Promise<void> {
    const written = this.#handle.write(bytes, { at: this.#size });
    this.#size += written;
    if (written === bytes.length) return Promise.resolve();
    return Promise.reject(new DOMException("The disk accepted only some of the bytes.", "QuotaExceededError"));
  }

  read(at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, this.#size - at));
    const got = this.#handle.read(bytes, { at });
    return Promise.resolve(bytes.subarray(0, got));
  }

  clear(): void {
    this.#handle.truncate(0);
    this.#size = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handle.flush();
    this.#handle.close();
  }
}

/** Ids can be long and contain any character; a hash is always a valid folder name. */
function folderName(model: string): string {
  return sha256Text(model).slice(0, 40);
}

function fileName(path: string): string {
  return encodeURIComponent(path);
}

async function unlessAbsent<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
    throw error;
  }
}
