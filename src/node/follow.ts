/** A node that moves from tab to tab, as one node that never goes away. */
import { MicrogridError, toMicrogridError } from "../core";
import { checkArgument } from "./arguments";
import { type CallOptions, type Capabilities, type NodeApi, VERBS } from "./api";

type Call = (...args: readonly unknown[]) => Promise<unknown>;
type Verb = (typeof VERBS)[keyof typeof VERBS] extends Readonly<Record<string, infer T>> ? T : never;

/**
 * The capabilities of the node that `current` finds; `current` waits while the node moves. A call whose node is lost is
 * made again at the next one if it may be repeated (`VERBS`); otherwise it rejects with `leader-lost`. Wrong arguments reject
 * with `bad-request` before the call is made, and every other failure is a `MicrogridError` or the abort of the call.
 */
export function followNode(current: () => Promise<NodeApi>): Capabilities {
  const followed = Object.entries(VERBS).map(([capability, methods]) => [
    capability,
    Object.fromEntries(
      Object.entries<Verb>(methods).map(([method, verb]) => [method, follow(current, { capability, method, verb })]),
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
  { capability, method, verb }: { capability: string; method: string; verb: Verb },
): Call {
  const name = `${capability}.${method}`;
  return async (...args) => {
    verb.takes.forEach((schema, index) => checkArgument(schema, args[index], name));
    for (;;) {
      const node = (await current()) as unknown as Readonly<Record<string, Readonly<Record<string, Call>>>>;
      try {
        return await node[capability]![method]!(...args);
      } catch (error) {
        if (isReason(error, args)) throw error;
        if (!isNodeLost(error)) throw toMicrogridError(error, "internal", `${name} failed unexpectedly.`);
        if (!verb.repeatable) throw unknownOutcome(error);
      }
    }
  };
}

/** True for the reason with which the caller has aborted the call. */
function isReason(error: unknown, args: readonly unknown[]): boolean {
  const { signal } = (args.at(-1) ?? {}) as Partial<CallOptions>;
  return signal?.aborted === true && signal.reason === error;
}

function unknownOutcome(cause: unknown): MicrogridError {
  return new MicrogridError(
    "leader-lost",
    "The tab that runs Microgrid was closed in the middle of this. Check whether it was done before you try again.",
    { cause },
  );
}
