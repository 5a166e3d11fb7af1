/** Feeds one parser and watches what it does to the world around it. */
import fc from "fast-check";
import type { Target } from "./feeding";

/** The result of feeding one parser. */
export interface Outcome {
  readonly inputs: number;
  /** Inputs that the parser accepted, since their mutations did not matter. */
  readonly accepted: number;
  readonly ms: number;
  /** The longest that one input took, in ms. */
  readonly slowestMs: number;
}

/** Inputs between two turns of the event loop. */
const TURN_EVERY = 500;

/**
 * Feeds `inputs` inputs; the same seed gives the same ones. Throws if an input did harm, and names the seed and the
 * smallest such input.
 */
export async function fuzz(target: Target, { inputs, seed }: { inputs: number; seed: number }): Promise<Outcome> {
  const before = world();
  const startedAt = performance.now();
  let [fed, accepted, slowestMs] = [0, 0, 0];
  const property = fc.asyncProperty(target.inputs, async (input) => {
    const from = performance.now();
    if (await target.feed(input)) accepted++;
    slowestMs = Math.max(slowestMs, performance.now() - from);
    // Lets waiting work run, so that it does not pile up.
    if (fed++ % TURN_EVERY === 0) await new Promise((resolve) => setTimeout(resolve));
  });
  const result = await fc.check(property, { numRuns: inputs, seed });
  if (result.failed) {
    const report = fc.defaultReportMessage(result);
    throw new Error(`${target.name}: an input did harm. ${report}`, { cause: result.errorInstance });
  }
  const after = world();
  if (before !== after) throw new Error(`${target.name}: a prototype was polluted:\n${before}\n${after}`);
  return { inputs: fed, accepted, ms: performance.now() - startedAt, slowestMs };
}

/** The names of all properties that objects inherit from the built-in prototypes. */
function world(): string {
  const shared = [Object.prototype, Array.prototype, Function.prototype, Uint8Array.prototype, Map.prototype];
  return shared.map((each) => Reflect.ownKeys(each).map(String).join(" ")).join("\n");
}
