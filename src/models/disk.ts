/** The interface of a disk for model files. */

/** One file being written. Only one writer of a file exists at a time. */
export interface FileWriter {
  readonly size: number;
  /** Adds bytes at the end. Throws `QuotaExceededError` (a DOMException) where there is no room. */
  append(bytes: Uint8Array): Promise<void>;
  /** The bytes from `at` on, at most `length`. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Drops everything written. */
  clear(): void;
  /** Makes what was written durable and releases the file; a second call does nothing. */
  close(): void;
}

/** A place for files, named by model and path. */
export interface Disk {
  readonly inMemory: boolean;
  openWriter(model: string, path: string): Promise<FileWriter>;
  /** The file as a lazily read `Blob`, or undefined if it does not exist. */
  blob(model: string, path: string): Promise<Blob | undefined>;
  removeFile(model: string, path: string): Promise<void>;
  removeModel(model: string): Promise<void>;
}
