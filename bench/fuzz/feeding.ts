/** Feeds parsers: makes inputs that are almost right, and recognizes proper refusals. */
import { type Bytes, MicrogridError, encodeCbor, utf8 } from "../../src/core";
import { mutateBytes, mutateValue } from "./mutate";
import type { Random } from "./random";

/** One parser. */
export interface Target {
  readonly name: string;
  /** Share of all inputs. Slow targets, which compute keys or signatures, get fewer. */
  readonly weight: number;
  /**
   * Makes an input and feeds it. Resolves to whether it was accepted; throws if the parser neither accepts the
   * input nor refuses it with a `MicrogridError`.
   */
  feed(random: Random): boolean | Promise<boolean>;
}

/** Runs a parser: true if it accepts, false if it refuses properly. Any other error is a finding. */
export function accepts(parse: () => unknown, refusal: (error: unknown) => boolean = isRefusal): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (refusal(error)) return false;
    throw error;
  }
}

/** The same for asynchronous parsers. */
export async function acceptsAsync(parse: () => Promise<unknown>): Promise<boolean> {
  try {
    await parse();
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof MicrogridError && error.code !== "internal";
}

/** A value as it is, or with a few changes, encoded; often with changes to the bytes as well. */
export function hostile(value: unknown, random: Random, others: readonly Uint8Array[] = [NOISE]): Bytes {
  let changed = value;
  for (let changes = random.below(3); changes > 0; changes--) changed = mutateValue(changed, random);
  let bytes = encodeCbor(changed);
  for (let changes = random.below(3); changes > 0; changes--) bytes = mutateBytes(bytes, random, others);
  return bytes;
}
/** Bytes that are spliced into other inputs. */
export const NOISE = utf8("\u0000noise\u00ff that is spliced in");

/** Makes a stock of values to pick from, for values that are too expensive to make for each input. */
export function pool<T>(make: () => T): readonly T[] {
  return Array.from({ length: POOL_SIZE }, make);
}
const POOL_SIZE = 200;
