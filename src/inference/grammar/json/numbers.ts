/** Numbers within bounds, as they are written. */
import { type Expression, NOTHING, char, choice, repeat, sequence, exactly } from "../expressions";
import { EXACT_DIGITS, INTEGER, NUMBER } from "./text";

/** Bounds of a number; each may be missing. */
interface Bounds {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
}

/** Decimals of a number with bounds: at least those of money, and at most as many as the bounds themselves may have. */
const MIN_DECIMALS = 2;
const MAX_DECIMALS = 6;

/** Whole numbers, or numbers with some decimals, within bounds. */
export function numberWithin(bounds: Bounds, isInteger: boolean): Expression {
  const limits = [bounds.minimum, bounds.maximum, bounds.exclusiveMinimum, bounds.exclusiveMaximum];
  const known = limits.filter((limit) => limit !== undefined);
  if (known.length === 0) return isInteger ? INTEGER : NUMBER;
  const most = Math.min(MAX_DECIMALS, Math.max(MIN_DECIMALS, ...known.map((limit) => decimal(limit).decimals)));
  const options: Expression[] = [];
  for (let decimals = 0; decimals <= (isInteger ? 0 : most); decimals++) {
    const end = 10n ** BigInt(EXACT_DIGITS) - 1n;
    let [first, last] = [-end, end];
    for (const [limit, isExclusive] of [
      [bounds.minimum, false],
      [bounds.exclusiveMinimum, true],
    ] as const) {
      if (limit === undefined) continue;
      const { floor, isExact } = scaled(limit, decimals);
      const least = isExact && !isExclusive ? floor : floor + 1n;
      if (least > first) first = least;
    }
    for (const [limit, isExclusive] of [
      [bounds.maximum, false],
      [bounds.exclusiveMaximum, true],
    ] as const) {
      if (limit === undefined) continue;
      const { floor, isExact } = scaled(limit, decimals);
      const greatest = isExact && isExclusive ? floor - 1n : floor;
      if (greatest < last) last = greatest;
    }
    if (first > last) continue;
    const digits = new Digits(decimals);
    if (first < 0n) options.push(sequence("-", digits.between(last < 0n ? -last : 1n, -first)));
    if (last >= 0n) options.push(digits.between(first > 0n ? first : 0n, last));
  }
  return options.length === 0 ? NOTHING : choice(...options);
}

/** A double as digits and the number of those behind the point. */
function decimal(value: number): { readonly digits: bigint; readonly decimals: number } {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const decimals = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return decimals >= 0 ? { digits, decimals } : { digits: digits * 10n ** BigInt(-decimals), decimals: 0 };
}

/** A double in units of the last decimal, rounded down. */
function scaled(value: number, decimals: number): { readonly floor: bigint; readonly isExact: boolean } {
  const exact = decimal(value);
  if (exact.decimals <= decimals) {
    return { floor: exact.digits * 10n ** BigInt(decimals - exact.decimals), isExact: true };
  }
  const unit = 10n ** BigInt(exact.decimals - decimals);
  const quotient = exact.digits / unit;
  const isExact = quotient * unit === exact.digits;
  return { floor: exact.digits < 0n && !isExact ? quotient - 1n : quotient, isExact };
}

/** Numbers without a sign that have this many decimals. */
class Digits {
  readonly #decimals: number;

  constructor(decimals: number) {
    this.#decimals = decimals;
  }

  /** From the first to the last, both in units of the last decimal. */
  between(first: bigint, last: bigint): Expression {
    const shortest = this.#decimals + 1;
    const lengthOf = (value: bigint): number => Math.max(shortest, String(value).length);
    const options: Expression[] = [];
    for (let length = lengthOf(first); length <= lengthOf(last); length++) {
      const least = length === shortest ? 0n : 10n ** BigInt(length - 1);
      const greatest = 10n ** BigInt(length) - 1n;
      const pad = (value: bigint): string => String(value).padStart(length, "0");
      options.push(this.#range(pad(first > least ? first : least), pad(last < greatest ? last : greatest)));
    }
    return choice(...options);
  }

  /** Digits that are as many as those of both ends. */
  #range(from: string, to: string): Expression {
    const { length } = from;
    if (length === 0) return exactly("");
    if (/^0*$/.test(from) && /^9*$/.test(to)) return this.#any(length);
    const [low, high] = [Number(from[0]), Number(to[0])];
    if (low === high) return sequence(this.#digit(low, high, length), this.#range(from.slice(1), to.slice(1)));
    const options = [
      sequence(this.#digit(low, low, length), this.#range(from.slice(1), "9".repeat(length - 1))),
      sequence(this.#digit(high, high, length), this.#range("0".repeat(length - 1), to.slice(1))),
    ];
    if (high - low > 1) options.push(sequence(this.#digit(low + 1, high - 1, length), this.#any(length - 1)));
    return choice(...options);
  }

  /** One digit, with `left` digits to come, itself included. */
  #digit(low: number, high: number, left: number): Expression {
    const digit = char(`${low}${high}`);
    return left === this.#decimals ? sequence(".", digit) : digit;
  }

  #any(count: number): Expression {
    const whole = Math.max(0, count - this.#decimals);
    const behind = Math.min(count, this.#decimals);
    const digits = (number: number): Expression => repeat(char("09"), number, number);
    const hasPoint = this.#decimals > 0 && count >= this.#decimals;
    return sequence(digits(whole), hasPoint ? "." : "", digits(behind));
  }
}
