/** The parts of the library that get a model ready, and the files that its host lists. */
import { isAbort } from "../core";
import type { decoders, DeviceInfo } from "../inference";
import type { ModelEntry } from "./entry";
import type { ModelHosts } from "./hosts";
import type { ModelIndex } from "./model-index";
import type { ListedFile } from "./records";
import type { StoreWorker } from "./store-client";

/** The parts of the library that preparing a model uses. */
export interface PackageParts {
  readonly device: DeviceInfo;
  readonly index: ModelIndex;
  readonly store: StoreWorker;
  readonly hosts: ModelHosts;
  /** The engine's rules about graphs, see `decoders` of `inference`. */
  readonly decoders: typeof decoders;
}

/** The last known listing; no request is sent. Undefined if the host was never asked. */
export function knownListing({ index }: PackageParts, entry: ModelEntry): readonly ListedFile[] | undefined {
  return entry.origin.kind === "embedded" ? entry.origin.files : index.remembered(entry.id).facts?.files;
}

/** Asks the host for its listing. If it cannot be reached, the last known listing is used. */
export async function currentListing(
  { hosts, index }: PackageParts,
  entry: ModelEntry,
  known: readonly ListedFile[] | undefined,
  signal: AbortSignal,
): Promise<readonly ListedFile[]> {
  if (entry.origin.kind === "embedded" || entry.origin.kind === "files") return known ?? [];
  try {
    const facts = await hosts.facts(entry.origin, signal);
    await index.remember(entry.id, { facts });
    return facts.files;
  } catch (error) {
    signal.throwIfAborted();
    if (!known || isAbort(error)) throw error;
    return known;
  }
}
