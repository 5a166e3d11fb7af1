/** Writes numbers and sentences for people. */

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A number of bytes in decimal units, such as `5.6 MB`. Use it for every size and rate that a user reads. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // From 999.5 on, a value would be rounded to 1000 of its unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return new Intl.NumberFormat("en", {
    style: "unit",
    unit: BYTE_UNITS[unit] ?? "byte",
    // The short form of bytes has no plural.
    unitDisplay: unit === 0 ? "long" : "short",
    useGrouping: false,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** Tokens per second, with a decimal below 10. Use it for a rate that was measured once, such as that of an answer. */
export function formatRate(tokensPerSecond: number): string {
  return `${tokensPerSecond < 10 ? tokensPerSecond.toFixed(1) : Math.round(tokensPerSecond)} tokens/s`;
}

/** An expected rate, as coarse as it is known: `about 35 tokens/s`, `about 0.4 tokens/s`. Use it for what is to come. */
export function formatExpectedRate(tokensPerSecond: number): string {
  const step = tokensPerSecond >= 20 ? 5 : tokensPerSecond >= 2 ? 1 : 0.1;
  const rounded = Math.max(step, Math.round(tokensPerSecond / step) * step);
  return `about ${step < 1 ? rounded.toFixed(1) : rounded} tokens/s`;
}

/** A clause as the beginning of a sentence. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
