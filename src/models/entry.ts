/** A model as the library knows it: what `ModelInfo` shows, and where its files are. */
import type { EngineName } from "../inference";
import type { ParameterCounts } from "./estimate";
import type { ListedFile } from "./records";
import type { ModelInfo } from "./types";

/** A model of the `webllm` engine: weights compiled for it, and the compiled program. */
export interface WebLlmOrigin {
  readonly kind: "webllm";
  readonly modelUrl: string;
  readonly libraryUrl: string;
  /** Path of the package's own manifest below `modelUrl`, where the model comes with one. */
  readonly manifest: string | undefined;
  readonly requiredFeatures: readonly string[];
  /** Largest buffer that it needs, bytes; undefined where the catalog does not say. */
  readonly largestBufferBytes: number | undefined;
  /** True for models that make embeddings and cannot chat. */
  readonly embedding: boolean;
}

/** Where a model's files are. */
export type FilesOrigin =
  /** A folder on the page's own host, all of whose files are known. */
  | { readonly kind: "embedded"; readonly folder: string; readonly files: readonly ListedFile[] }
  /** A repository on the model hub, `owner/name`. */
  | { readonly kind: "hub"; readonly repository: string }
  /** A folder on any web host; its address ends with a slash. */
  | { readonly kind: "folder"; readonly url: string }
  /** Files that the user picked; they are in the store and nowhere else. */
  | { readonly kind: "files" }
  | WebLlmOrigin;

/** One line of the library's list. */
export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  readonly engine: EngineName;
  readonly source: ModelInfo["source"];
  readonly origin: FilesOrigin;
  readonly contextLength: number | undefined;
  /** Memory need as the catalog states it, bytes; undefined where it follows from the files. */
  readonly memoryBytes: number | undefined;
  /** From which sizes are estimated until the host was asked; absent where the catalog does not know. */
  readonly parameters?: ParameterCounts;
}

/** Where a model comes from, for people. */
export function originLabel(origin: FilesOrigin): string {
  switch (origin.kind) {
    case "embedded":
      return "comes with this page";
    case "hub":
      return origin.repository;
    case "folder":
      return origin.url;
    case "files":
      return "files from this device";
    case "webllm":
      return origin.modelUrl;
  }
}

/**
 * GPU features that a WebLLM model needs. The library's list names `shader-f16` for some models only; the others say
 * it by their quantization alone: `q4f16` is 4-bit weights with 16-bit arithmetic.
 */
export function webllmFeatures(id: string, listed: readonly string[]): readonly string[] {
  return /q\d+f16/.test(id) && !listed.includes("shader-f16") ? [...listed, "shader-f16"] : listed;
}
