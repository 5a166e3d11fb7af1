/** The shape of a parser under test, and the rule for a proper refusal. */
import type fc from "fast-check";
import { MicrogridError } from "../../src/core";

/** One parser. */
export interface Target<T = unknown> {
  readonly name: string;
  /** Share of all inputs. Slow targets, which compute keys or signatures, get fewer. */
  readonly weight: number;
  /** Inputs that are almost right. */
  readonly inputs: fc.Arbitrary<T>;
  /**
   * Feeds an input. Resolves to whether it was accepted; throws if the parser neither accepts the input nor refuses it
   * with a `MicrogridError`.
   */
  feed(input: T): boolean | Promise<boolean>;
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
