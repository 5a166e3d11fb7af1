/** All types and calls of the border between the page and the store worker. */
/** A file of a model that should be in the store. */
export interface FileRequest {
  /** Path inside the model, such as `onnx/model_q4.onnx`. */
  readonly path: string;
  /** Its sources in order of preference: the host, then its mirrors. */
  readonly urls: readonly string[];
  /** Size and lower-case hexadecimal SHA-256, if known. Downloads are checked against them. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  /** True if the model also works without it. It is then no error if the host does not have it. */
  readonly optional?: boolean | undefined;
}

/** A part of a model's file. */
export interface FileRangeRequest extends Pick<FileRequest, "path" | "urls" | "bytes" | "sha256"> {
  /** Identifies the file's content. Stored parts of another version are not used. */
  readonly version: string;
  readonly offset: number;
  readonly length: number;
  /** The version that each host must have, by address: that of the graph which says where the bytes lie. */
  readonly hosts?: GraphWithoutWeights["hosts"] | undefined;
}

/** An ONNX file whose graph is wanted without the weights inside of it. */
export interface GraphRequest extends Pick<FileRequest, "path" | "urls" | "bytes" | "sha256"> {
  /** Largest graph to read, without its weights. */
  readonly maxGraphBytes: number;
}

/** A graph whose weights are external data, in the graph's own file or beside it. */
export interface GraphWithoutWeights {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The version (`ETag` or date) of the file that each host reported, by address; empty if none was asked. */
  readonly hosts: readonly (readonly [url: string, version: string])[];
}

/** The facts in the header of a GGUF file that matter before it is downloaded. */
export interface GgufSummary {
  readonly contextLength: number | undefined;
}

/** A file that the user picked. */
export interface PickedFile {
  readonly path: string;
  readonly blob: Blob;
}

/** A file that lies complete in the store. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly blob: Blob;
}

/** Whether a stored file matches the requested hash or size, if these are known. */
export function matches(stored: StoredFile, asked: Pick<FileRequest, "bytes" | "sha256">): boolean {
  if (asked.sha256 !== undefined) return asked.sha256 === stored.sha256;
  return asked.bytes === undefined || asked.bytes === stored.bytes;
}

/** How far a download is; sent at most every 100 ms. */
export interface StoreProgress {
  readonly receivedBytes: number;
  /** Sum of the sizes known so far; 0 while one is unknown. */
  readonly totalBytes: number;
  /** True if the files are held in memory only, since this browser offers no file storage here. */
  readonly inMemory: boolean;
  /** The last error, while the host does not answer and another try is due. */
  readonly waitingFor: string | undefined;
}

/** The files of one model that are in the store. */
export interface StoredSummary {
  readonly model: string;
  readonly completePaths: readonly string[];
  readonly partialPaths: readonly string[];
}

/** Options of calls that take long. */
export interface StoreOptions {
  /** Stops the call. Data that has arrived is kept, and the next call continues from there. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StoreProgress) => void;
}

/** All calls that the page makes to the store worker. Every call rejects with `worker-crashed` if the worker dies. */
export interface StoreApi {
  /**
   * Brings all the files into the store and returns those that exist, complete and checked, in the order asked for.
   * Rejects with `network`, `file-missing`, `file-corrupt`, `not-a-model`, `quota-exceeded`, or the signal's reason.
   */
  download(model: string, files: readonly FileRequest[], options: StoreOptions): Promise<StoredFile[]>;
  /** Copies files that the user picked into the store. */
  importFiles(model: string, files: readonly PickedFile[], options: StoreOptions): Promise<StoredFile[]>;
  /**
   * Exactly these bytes of a file: from the stored file if it is complete, else from its hosts, and kept for the next time.
   * Rejects with `network`, `file-missing`, `file-corrupt`, or `unsupported-model` if the hosts give whole files only.
   */
  readRange(model: string, request: FileRangeRequest, options: Pick<StoreOptions, "signal">): Promise<Blob>;
  /** Keeps at most this many bytes of parts of files (`readRange`); the least recently used ones are deleted. */
  limitParts(bytes: number): Promise<void>;
  /**
   * The graph of an ONNX file without its weights: from the stored file if it is complete, else by ranges from its hosts.
   * `receivedBytes` counts all that was read or passed over. Rejects like `readSkeleton` and `readRange`, and with
   * `unsupported-model` if nobody says how large the file is.
   */
  readGraph(model: string, request: GraphRequest, options: StoreOptions): Promise<GraphWithoutWeights>;
  /**
   * The facts in the header of a GGUF file: from the stored file if it is complete, else by ranges from its hosts.
   * Undefined if these give whole files only, or if nobody says how large the file is. Rejects like `readGguf` and `FileRanges.read`,
   * and with `unsupported-model` if the engine cannot use its tokenizer, or the model makes embeddings.
   */
  readGguf(
    model: string,
    request: Pick<FileRequest, "path" | "urls" | "bytes" | "sha256">,
    options: Pick<StoreOptions, "signal">,
  ): Promise<GgufSummary | undefined>;
  /** The complete files with these paths, or undefined if one of them is not complete. */
  open(model: string, paths: readonly string[]): Promise<StoredFile[] | undefined>;
  /**
   * Reads stored files again, and deletes those whose content does not have the given SHA-256, as well as those without
   * one. Returns the paths of the deleted files.
   */
  recheck(model: string, files: readonly Pick<FileRequest, "path" | "sha256">[]): Promise<string[]>;
  /** Summaries of all models in the store. */
  summaries(): Promise<StoredSummary[]>;
  /** Deletes all files of a model. */
  remove(model: string): Promise<void>;
}
