/** The files of a model that make it runnable, in the store: downloaded, opened and remembered as one set. */
import type { LoadProgress } from "../inference";
import type { ModelEntry } from "./entry";
import { packageHash } from "./package-hash";
import type { PackageParts } from "./package-parts";
import { downloadProgress } from "./progress";
import type { ListedFile } from "./records";
import type { StoredFile } from "./store-protocol";

/** A set of files that is complete in the store. */
export interface StoredPackage {
  readonly packageHash: string;
  readonly files: readonly StoredFile[];
}

/** Opens the set that `lead` identifies, if all its files are stored and none of the listed `files` has another hash. */
export async function openPackage(
  { index, store }: PackageParts,
  { id }: ModelEntry,
  { lead, files }: { readonly lead: string; readonly files: readonly ListedFile[] },
): Promise<StoredPackage | undefined> {
  const known = index.remembered(id).packages.find((candidate) => candidate.lead === lead);
  const stored = known && (await store.service.open(id, known.paths));
  // A new version of the page may come with a new embedded model.
  const current = stored?.every((file) => {
    const listed = files.find(({ path }) => path === file.path);
    return listed?.sha256 === undefined || listed.sha256 === file.sha256;
  });
  return known && stored && current ? { packageHash: known.packageHash, files: stored } : undefined;
}

/** Downloads those of the files that are not stored yet. Rejects like `StoreApi.download`. */
export function downloadFiles(
  { hosts, store }: PackageParts,
  { id, name, origin }: ModelEntry,
  files: readonly ListedFile[],
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: LoadProgress) => void },
): Promise<StoredFile[]> {
  // The listing names only files that exist.
  const requests = files.map((file) => ({ ...file, urls: hosts.urls(origin, file.path), optional: false }));
  return store.service.download(id, requests, { signal, onProgress: downloadProgress(name, onProgress) });
}

/** Remembers a set that was downloaded, under the path of the file that identifies it. */
export async function keepPackage(
  { index }: PackageParts,
  { id }: ModelEntry,
  { lead, files }: { readonly lead: string; readonly files: readonly StoredFile[] },
): Promise<StoredPackage> {
  const hash = packageHash(files);
  const others = index.remembered(id).packages.filter((known) => known.lead !== lead);
  const paths = files.map((file) => file.path);
  await index.remember(id, { packages: [...others, { lead, packageHash: hash, paths }] });
  return { packageHash: hash, files };
}
