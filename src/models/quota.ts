/** Reports how much storage the browser grants, and makes the error for when it is not enough. */
import { MicrogridError, formatBytes } from "../core";

/** A `quota-exceeded` error with the numbers that the browser reports. */
export async function quotaError(what: string, neededBytes?: number): Promise<MicrogridError> {
  const { usage, quota } = await storageEstimate();
  const needed = neededBytes === undefined ? "" : ` It needs ${formatBytes(neededBytes)} more.`;
  const advice = "Remove stored models that you do not need, or free disk space, and load it again.";
  return new MicrogridError(
    "quota-exceeded",
    `There is no room left to store ${what}.${needed}${state(usage, quota, neededBytes ?? 1)} ${advice}`,
  );
}

function state(usage: number | undefined, quota: number | undefined, neededBytes: number): string {
  if (usage === undefined || quota === undefined) return "";
  const inUse = ` ${formatBytes(usage)} of the ${formatBytes(quota)} that this browser grants is in use.`;
  // Chrome reports a made-up quota of "usage and 10 GiB" to sites, and may still refuse a write.
  return quota - usage >= neededBytes
    ? ` ${formatBytes(usage)} is in use, and the browser refuses to store more.`
    : inUse;
}

/** The space that is used and granted; empty if the browser does not say. */
export async function storageEstimate(): Promise<StorageEstimate> {
  try {
    return await navigator.storage.estimate();
  } catch {
    return {};
  }
}

/** True for the browser's error that storage is full. */
export function isQuota(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
