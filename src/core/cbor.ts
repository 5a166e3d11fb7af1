/** CBOR with limits on depth and number of items, so that hostile input cannot exhaust memory. */
import { type DecodeOptions, type Token, Tokenizer, Type, decode, encode } from "cborg";
import type { Bytes } from "./bytes";
import { MicrogridError } from "./errors";

/** Maximum nesting of a value; the deepest real frame has 6 levels. */
export const MAX_DEPTH = 16;
/** Maximum number of items (map keys and values, array entries) in a value; enough for a prompt of some 1,000 messages. */
export const MAX_ITEMS = 200_000;

/** Canonical CBOR (RFC 8949 §4.2.1) of a plain value; undefined properties are omitted. */
export function encodeCbor(value: unknown): Bytes {
  return encode(value, { ignoreUndefinedProperties: true });
}

/**
 * Decodes one CBOR value. Throws `peer-protocol` for anything malformed, nested deeper than `MAX_DEPTH`,
 * with more than `MAX_ITEMS` items, of indefinite length, tagged, or with trailing bytes. Each item is taken from `budget`, if there
 * is one, and decoding stops where that is used up.
 */
export function decodeCbor(bytes: Uint8Array, budget?: ItemBudget): unknown {
  const options: DecodeOptions = {
    strict: true,
    allowIndefinite: false,
    allowUndefined: false,
    allowInfinity: false,
    allowNaN: false,
    rejectDuplicateMapKeys: true,
  };
  try {
    return decode(bytes, { ...options, tokenizer: new BoundedTokenizer(bytes, options, budget) });
  } catch (error) {
    if (error instanceof MicrogridError) throw error;
    throw new MicrogridError("peer-protocol", "A peer sent a message that cannot be read.", { cause: error });
  }
}

/** How many items somebody may still send. */
export interface ItemBudget {
  items: number;
}

/** Counts items and depth while the decoder reads tokens, so that decoding stops at the limits. */
class BoundedTokenizer extends Tokenizer {
  #items = 0;
  /** For each open container, how many items it still expects. */
  readonly #open: number[] = [];
  readonly #budget: ItemBudget | undefined;

  constructor(bytes: Uint8Array, options: DecodeOptions, budget: ItemBudget | undefined) {
    super(bytes, options);
    this.#budget = budget;
  }

  override next(): Token {
    const token = super.next();
    if (this.#budget && --this.#budget.items < 0) {
      throw new MicrogridError("peer-protocol", "A peer sent more items than one device may.");
    }
    if (++this.#items > MAX_ITEMS) throw new RangeError(`more than ${MAX_ITEMS} items`);
    while (this.#open.length > 0 && this.#open.at(-1) === 0) this.#open.pop();
    if (this.#open.length > 0) this.#open[this.#open.length - 1]!--;
    const length = containerLength(token);
    if (length > 0) {
      if (length > MAX_ITEMS) throw new RangeError(`a container of ${length} items`);
      this.#open.push(length);
      if (this.#open.length > MAX_DEPTH) throw new RangeError(`deeper than ${MAX_DEPTH} levels`);
    }
    return token;
  }
}

function containerLength(token: Token): number {
  if (Type.equals(token.type, Type.array)) return Number(token.value);
  if (Type.equals(token.type, Type.map)) return Number(token.value) * 2;
  return 0;
}
