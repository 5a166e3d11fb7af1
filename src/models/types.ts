/** Describes a model before it is loaded. */
import type { EngineName } from "../inference";

/**
 * Why a model cannot run on a device: it needs a graphics card, or abilities that the card lacks, or it is too large for
 * WebAssembly or for the memory.
 */
export type Obstacle = "no-gpu" | "gpu-ability" | "too-large" | "memory";

/** A model that can be loaded here. */
export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  readonly engine: EngineName;
  /** Whether it answers chats or turns texts into vectors. A model that was added counts as one for chats until its files tell. */
  readonly purpose: "chat" | "embedding";
  readonly source: "embedded" | "catalog" | "added";
  /** Bytes to download; undefined if the host has not been asked yet and no estimate is possible. */
  readonly downloadBytes: number | undefined;
  /** True if `downloadBytes` is an estimate. The exact size replaces it once the model's host has been asked. */
  readonly sizeIsEstimate: boolean;
  /** Approximate bytes of GPU or WASM memory while loaded. */
  readonly memoryBytes: number | undefined;
  readonly contextLength: number | undefined;
  /** The licence as the model's host names it; undefined if the host does not say, or has not been asked yet. */
  readonly licence?: string | undefined;
  readonly fit:
    { readonly fits: true } | { readonly fits: false; readonly obstacle: Obstacle; readonly reason: string };
  readonly stored: "no" | "partial" | "yes";
  /** Where it comes from, to be shown to people: a URL or a repository's name. */
  readonly origin: string;
}
