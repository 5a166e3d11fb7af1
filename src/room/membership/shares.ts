/**
 * Fair shares of what is scarce in a room. Keys cost nothing, so a share of each node would be worth nothing either: a member shares
 * with all that it let in, and that those let in (`Standing.branch`).
 */
import type { Did } from "../../core";

/**
 * The items that may give way to one more of `branch`, where there is no place for more: those of the largest branch. None where
 * `branch` would then have as many as that one. Guests, who have no branch yet, share by the invites with which they came.
 */
export function givingWay<T, Branch extends Did | string>(
  items: Iterable<T>,
  branchOf: (item: T) => Branch,
  branch: Branch,
): readonly T[] {
  const branches = new Map<Branch, T[]>();
  for (const item of items) {
    const of = branchOf(item);
    const share = branches.get(of) ?? [];
    share.push(item);
    branches.set(of, share);
  }
  const largest = [...branches.values()].reduce((most, each) => (each.length > most.length ? each : most), []);
  const own = branches.get(branch)?.length ?? 0;
  return largest.length > own + 1 ? largest : [];
}
