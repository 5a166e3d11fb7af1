/** A node that moves from tab to tab, as one node that never goes away. */
import { MicrogridError } from "../core";
import { type Capabilities, type NodeApi, REPEATABLE } from "./api";

type Call = (...args: readonly unknown[]) => Promise<unknown>;
type Table = Readonly<Record<string, Readonly<Record<string, boolean>>>>;

/**
 * The capabilities of the node that `current` finds; `current` waits while the node moves. A call whose node is lost is
 * made again at the next one if it may be repeated (`REPEATABLE`); otherwise it rejects with `leader-lost`.
 */
export function followNode(current: () => Promise<NodeApi>): Capabilities {
  const followed = Object.entries(REPEATABLE as Table).map(([capability, methods]) => [
    capability,
    Object.fromEntries(
      Object.entries(methods).map(([method, repeatable]) => [
        method,
        follow(current, { capability, method, repeatable }),
      ]),
    ),
  ]);
  return Object.fromEntries(followed) as Capabilities;
}

/** True for the error of a call whose node was lost in the middle. */
export function isNodeLost(error: unknown): boolean {
  return error instanceof MicrogridError && error.code === "leader-lost";
}

function follow(
  current: () => Promise<NodeApi>,
  { capability, method, repeatable }: { capability: string; method: string; repeatable: boolean },
): Call {
  return async (...args) => {
    for (;;) {
      const node = (await current()) as unknown as Readonly<Record<string, Readonly<Record<string, Call>>>>;
      try {
        return await node[capability]![method]!(...args);
      } catch (error) {
        if (!isNodeLost(error)) throw error;
        if (!repeatable) throw unknownOutcome(error);
      }
    }
  };
}

function unknownOutcome(cause: unknown): MicrogridError {
  return new MicrogridError(
    "leader-lost",
    "The tab that runs Microgrid was closed in the middle of this. Check whether it was done before you try again.",
    { cause },
  );
}
