/** Feeds one parser and watches what it does to the world around it. */
import { Random } from "./random";
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

/** Feeds `inputs` inputs; the same seed gives the same ones. Throws at the first harmful input, and names its seed. */
export async function fuzz(target: Target, { inputs, seed }: { inputs: number; seed: number }): Promise<Outcome> {
  const before = world();
  const startedAt = performance.now();
  let [accepted, slowestMs, lastAt] = [0, 0, startedAt];
  for (let index = 0; index < inputs; index++) {
    const own = (seed + index) >>> 0;
    try {
      const result = target.feed(new Random(own));
      // Most parsers answer at once; a turn of the loop for each input would cost more than the input.
      if (typeof result === "boolean" ? result : await result) accepted++;
    } catch (error) {
      throw new Error(`${target.name}: the input of seed ${own} did harm: ${String(error)}`, { cause: error });
    }
    // Lets waiting work run, so that it does not pile up.
    if (index % TURN_EVERY === 0) await new Promise((resolve) => setTimeout(resolve));
    const now = performance.now();
    slowestMs = Math.max(slowestMs, now - lastAt);
    lastAt = now;
  }
  const after = world();
  if (before !== after) throw new Error(`${target.name}: a prototype was polluted:\n${before}\n${after}`);
  return { inputs, accepted, ms: performance.now() - startedAt, slowestMs };
}

/** The names of all properties that objects inherit from the built-in prototypes. */
function world(): string {
  const shared = [Object.prototype, Array.prototype, Function.prototype, Uint8Array.prototype, Map.prototype];
  return shared.map((each) => Reflect.ownKeys(each).map(String).join(" ")).join("\n");
}
