/** Replaces the variant of a model that cannot run here by another one. */
import type { Backend } from "../inference";
import type { ModelEntry } from "./entry";
import { knownListing, type PackageParts } from "./package-parts";
import { type KnownVariants, untriedVariants, type Variant, withWrong } from "./variant-choice";

/** The variant that takes the place of another one. */
export interface Replacement extends Variant {
  /** Whether all its files are here, so that nothing has to be downloaded. */
  readonly stored: boolean;
  readonly downloadBytes: number | undefined;
}

/** The known facts for a choice among the variants of an ONNX model. */
export function choiceOf(parts: PackageParts, entry: ModelEntry): Omit<KnownVariants, "backend"> {
  const { index, device } = parts;
  const listing = knownListing(parts, entry) ?? [];
  return { listing, remembered: index.remembered(entry.id), device, name: entry.name };
}

/** Notes that a variant failed, and which one is used from now on: the best that is stored, or else the best of all. */
export async function replaceVariant(
  parts: PackageParts,
  entry: ModelEntry,
  { failed, backends }: { readonly failed: Variant; readonly backends: readonly Backend[] },
): Promise<Replacement | undefined> {
  const { index, store } = parts;
  const choice = choiceOf(parts, entry);
  const record = index.remembered(entry.id);
  const remembered = { ...record, ...withWrong(record, failed, undefined) };
  const candidates = backends.flatMap((backend) =>
    untriedVariants({ ...choice, remembered, backend }).map((plan) => ({ backend, plan })),
  );
  const stored = await Promise.all(
    candidates.map(({ plan }) =>
      store.service.open(
        entry.id,
        plan.files.map(({ path }) => path),
      ),
    ),
  );
  const at = Math.max(
    0,
    stored.findIndex((files) => files !== undefined),
  );
  const best = candidates[at];
  const instead = best && { graph: best.plan.graph, backend: best.backend };
  await index.remember(entry.id, withWrong(record, failed, instead));
  return best && instead && { ...instead, stored: stored[at] !== undefined, downloadBytes: best.plan.downloadBytes };
}
