/** Finding stop strings in text that is still growing. */

/** Where a stop string begins, or how much of the text can no longer become one. */
type StopMatch =
  { readonly kind: "found"; readonly index: number } | { readonly kind: "open"; readonly safeLength: number };

/** Looks for the earliest of `stops` in `text`, and for a tail that more text could complete to one. */
export function matchStop(text: string, stops: readonly string[]): StopMatch {
  let index = -1;
  let openLength = 0;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (index < 0 || at < index)) index = at;
    for (let length = Math.min(stop.length - 1, text.length); length > openLength; length--) {
      if (text.endsWith(stop.slice(0, length))) openLength = length;
    }
  }
  return index >= 0 ? { kind: "found", index } : { kind: "open", safeLength: text.length - openLength };
}
