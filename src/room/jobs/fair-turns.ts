/** Turns on this device: the branches of the room share it equally (`Standing.branch`), and so do the peers of each branch. */
import type { Did } from "../../core";
import { givingWay } from "../membership";

/** A job, as far as turns go. */
interface Claim {
  readonly did: Did;
  readonly branch: Did;
}

/** The waiting job that is next: of the branch with fewest jobs running, of its peer with fewest, the one that came first. */
export function nextJob<Job extends Claim>(waiting: readonly Job[], running: readonly Job[]): Job | undefined {
  const rank = (job: Job): readonly [number, number] => [ofBranch(running, job), ofPeer(running, job)];
  return waiting.reduce<Job | undefined>((best, job) => {
    if (!best) return job;
    const [[a, b], [bestA, bestB]] = [rank(job), rank(best)];
    return a < bestA || (a === bestA && b < bestB) ? job : best;
  }, undefined);
}

/**
 * The running job that has to be given back, because a peer that runs none waits: the newest of a branch that runs at least two more
 * than the waiting one, or of a peer of the same branch that runs several.
 */
export function jobToGiveBack<Job extends Claim>(waiting: readonly Job[], running: readonly Job[]): Job | undefined {
  const newestFirst = [...running].reverse();
  for (const starved of waiting.filter((job) => ofPeer(running, job) === 0)) {
    const greedy = newestFirst.find((job) =>
      job.branch === starved.branch
        ? ofPeer(running, job) > 1
        : ofBranch(running, job) > ofBranch(running, starved) + 1,
    );
    if (greedy) return greedy;
  }
  return undefined;
}

/** The waiting job that gives its place to one of this branch where no more may wait; undefined where the branch has its share. */
export function placeFor<Job extends Claim>(waiting: readonly Job[], branch: Did): Job | undefined {
  return givingWay(waiting, (job) => job.branch, branch).at(-1);
}

function ofBranch(jobs: readonly Claim[], { branch }: Claim): number {
  return jobs.filter((job) => job.branch === branch).length;
}

function ofPeer(jobs: readonly Claim[], { did }: Claim): number {
  return jobs.filter((job) => job.did === did).length;
}
