/** What is known about a model before it is loaded. */
import type { EngineName } from "../inference";

/** A model that can be loaded here. */
export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  readonly engine: EngineName;
  readonly source: "embedded" | "catalog" | "added";
  /** Bytes to download; undefined where neither the host has been asked yet nor an estimate is possible. */
  readonly downloadBytes: number | undefined;
  /** True where `downloadBytes` is an estimate; the exact size replaces it once the model's host has told it. */
  readonly sizeIsEstimate: boolean;
  /** Approximate bytes of GPU or WASM memory while loaded. */
  readonly memoryBytes: number | undefined;
  readonly contextLength: number | undefined;
  readonly fit: { readonly fits: true } | { readonly fits: false; readonly reason: string };
  readonly stored: "no" | "partial" | "yes";
  /** Where it comes from, for people: a URL or a repository's name. */
  readonly origin: string;
}
