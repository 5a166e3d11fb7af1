/** The interface of the file storage, which the disk and the memory implement. */

/** One file being written. Only one writer of a file exists at a time. */
export interface FileWriter {
  readonly size: number;
  /** Appends bytes. Throws `QuotaExceededError` (a DOMException) if there is no space left. */
  append(bytes: Uint8Array): Promise<void>;
  /** Reads at most `length` bytes, starting at `at`. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Deletes everything that was written. */
  clear(): void;
  /** Flushes the file to the disk and releases it; a second call does nothing. */
  close(): void;
}

/** Storage for files, which are named by model and path. */
export interface Disk {
  readonly inMemory: boolean;
  openWriter(model: string, path: string): Promise<FileWriter>;
  /** The file as a lazily read `Blob`, or undefined if there is none. */
  blob(model: string, path: string): Promise<Blob | undefined>;
  removeFile(model: string, path: string): Promise<void>;
  removeModel(model: string): Promise<void>;
}
