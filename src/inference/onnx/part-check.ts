/** Tries out a freshly loaded part of a model on the GPU, to find the step size that it computes correctly. */
import { MicrogridError } from "../../core";
import type { HiddenSlot, HiddenState } from "../stages";
import { randomFloats } from "./floats";
import type { GraphSpec } from "./graph-spec";
import type { KvCache, KvCacheFactory } from "./cache/kv-cache";
import type { ModelRunner } from "./runner";
import { type Step, numbersOf } from "./step";
import { TOLERANCE, difference } from "./self-check";

/** Size of the steps that the reference is computed with. Larger steps must first be checked. */
const SMALL_CHUNK = 8;
/** Tokens that are tried: more than one small step. */
const MIN_TOKENS = 2 * SMALL_CHUNK;
/** Sizes to try if the whole step gives wrong results; see `self-check` for why 31. */
const SMALLER_CHUNKS = [31, 16] as const;
/** Small (from 1/32 on), so that the output of the layers outweighs their input. */
const HIDDEN_POWER = -5;

/** A part to be tried, and how to run it in turn. */
interface PartSubject<C extends KvCache> {
  readonly runner: Pick<ModelRunner, "run" | "limit">;
  readonly spec: GraphSpec;
  readonly plain: KvCacheFactory<C>;
  /** Caches bound in place, where the graph allows them. */
  readonly inPlace: KvCacheFactory<C> | undefined;
  turn<T>(work: () => Promise<T>): Promise<T>;
}

/** The largest piece of a step that gives the same results as small ones, and the caches used for it. */
interface PartTrust<C extends KvCache> {
  readonly chunk: number;
  readonly create: KvCacheFactory<C>;
}

/** Tries steps of up to `stepTokens`. Throws `unsupported-model` if small steps give no usable numbers. */
export async function checkPart<C extends KvCache>(subject: PartSubject<C>, stepTokens: number): Promise<PartTrust<C>> {
  const { runner, spec, plain, inPlace, turn } = subject;
  const count = Math.max(stepTokens, MIN_TOKENS);
  const step: Step = {
    count,
    ids: Array.from({ length: count }, (_, index) => index),
    hidden: spec.hidden.takes.map((slot, index) => randomHidden(slot, count, index)),
  };
  const compute = async (create: KvCacheFactory<C>, chunk: number): Promise<Float32Array> => {
    const cache = create();
    runner.limit(chunk);
    try {
      const wanted = { logits: spec.logits ? 1 : 0, hidden: spec.logits === undefined };
      return numbersOf(await turn(() => runner.run(cache, step, wanted)));
    } finally {
      cache.dispose();
    }
  };
  const reference = await compute(plain, SMALL_CHUNK);
  if (!reference.every(Number.isFinite) || reference.every((value) => value === reference[0])) {
    throw new MicrogridError(
      "unsupported-model",
      "This device computes no usable numbers with its part of the model. Leave it out, or let it compute on the CPU (WASM).",
    );
  }
  for (const create of inPlace ? [inPlace, plain] : [plain]) {
    for (const chunk of [stepTokens, ...SMALLER_CHUNKS.filter((size) => size < stepTokens)]) {
      if (difference(await compute(create, chunk), reference) <= TOLERANCE) return { chunk, create };
    }
  }
  return { chunk: SMALL_CHUNK, create: plain };
}

/** Random numbers for `count` tokens; the same for the same seed. */
export function randomHidden({ name, type, width }: HiddenSlot, count: number, seed: number): HiddenState[number] {
  return { name, type, bytes: randomFloats(type, count * width, seed, () => HIDDEN_POWER) };
}
