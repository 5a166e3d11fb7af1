/** Looks at the header of a GGUF file before its weights are downloaded. */
import { MicrogridError } from "../core";
import type { ModelEntry } from "./entry";
import { withoutDamaged } from "./failed-load";
import type { GgufPlan } from "./gguf-files";
import type { PackageParts } from "./package-parts";
import { withLook } from "./variant-choice";

/** Failures that say nothing about the model: the download does without a look. */
const UNREADABLE: readonly string[] = ["network"];

/**
 * Reads what the first file says about its model, and remembers it. Throws `unsupported-model` if this app cannot run it, and
 * `not-a-model` if it is no GGUF file (the copy in the store is deleted then).
 */
export async function lookAtGguf(
  parts: PackageParts,
  entry: ModelEntry,
  { files }: GgufPlan,
  signal: AbortSignal,
): Promise<void> {
  const file = files[0]!;
  const request = { ...file, urls: parts.hosts.urls(entry.origin, file.path) };
  try {
    const summary = await parts.store.service.readGguf(entry.id, request, { signal });
    if (summary) await parts.index.remember(entry.id, withLook(parts.index.remembered(entry.id), { file, ...summary }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MicrogridError && UNREADABLE.includes(error.code)) return;
    throw await withoutDamaged(parts, entry, { error, files: [file] });
  }
}
