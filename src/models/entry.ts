/** A model as the library knows it: the content of its `ModelInfo`, and where its files are. */
import type { EngineName } from "../inference";
import type { ParameterCounts } from "./estimate";
import type { ListedFile } from "./records";
import type { ModelInfo } from "./types";

/** A model of the `webllm` engine: weights in that engine's format, and the compiled program. */
export interface WebLlmOrigin {
  readonly kind: "webllm";
  readonly modelUrl: string;
  readonly libraryUrl: string;
  /** Path of the package's own manifest below `modelUrl`, if the model comes with one. */
  readonly manifest: string | undefined;
  readonly requiredFeatures: readonly string[];
  /** Largest buffer that the model needs, in bytes; undefined if the catalog does not say. */
  readonly largestBufferBytes: number | undefined;
  /** True for models that make embeddings. */
  readonly embedding: boolean;
}

/** A repository on the model hub. */
export interface HubOrigin {
  readonly kind: "hub";
  /** `owner/name`. */
  readonly repository: string;
  /** A branch, tag or commit; `main` by default. */
  readonly revision?: string | undefined;
  /** Path of one graph or GGUF file, or of a folder (ending with a slash) whose graphs are meant; all by default. */
  readonly within?: string | undefined;
}

/** Where a model's files are. */
export type FilesOrigin =
  /** Files that come with the page, each at an address of its own. */
  | {
      readonly kind: "embedded";
      readonly addresses: Readonly<Record<string, string>>;
      readonly files: readonly ListedFile[];
    }
  | HubOrigin
  /** A folder on any web host; its address ends with a slash. `within` names the one GGUF file that is meant. */
  | { readonly kind: "folder"; readonly url: string; readonly within?: string | undefined }
  /** Files that the user picked; they exist only in the store. */
  | { readonly kind: "files" }
  | WebLlmOrigin;

/** One model in the library's list. */
export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  readonly engine: EngineName;
  readonly source: ModelInfo["source"];
  readonly origin: FilesOrigin;
  readonly contextLength: number | undefined;
  /** Its purpose according to the catalog; absent if only its files tell. */
  readonly purpose?: ModelInfo["purpose"];
  /** Memory need as the catalog states it, in bytes; undefined if it follows from the files. */
  readonly memoryBytes: number | undefined;
  /** Used to estimate sizes until the host has been asked; absent if the catalog does not know them. */
  readonly parameters?: ParameterCounts;
}

/** The name of a repository with its revision and folder if they are not the usual ones: `owner/name@dev:gpu/int4/`. */
export function hubId({ repository, revision, within }: HubOrigin): string {
  return `${repository}${revision === undefined ? "" : `@${revision}`}${within === undefined ? "" : `:${within}`}`;
}

/** Where a model comes from, to be shown to people. */
export function originLabel(origin: FilesOrigin): string {
  switch (origin.kind) {
    case "embedded":
      return "comes with this page";
    case "hub":
      return hubId(origin);
    case "folder":
      return `${origin.url}${origin.within ?? ""}`;
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
