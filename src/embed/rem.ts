/** Styles that do not depend on the font size of the page's root, which other people's pages may set to anything. */
import { type CSSResultOrNative, type CSSResult, unsafeCSS } from "lit";

/** Takes the place of `rem`: the font size of the element as a length. */
const UNIT = "--mg-rem";

/** Declares the unit as a length, so that it is the same length in all parts of the element. Call it once. */
export function defineUnit(): void {
  try {
    CSS.registerProperty({ name: UNIT, syntax: "<length>", inherits: true, initialValue: "16px" });
  } catch {
    // Another copy of the script has declared it.
  }
}

/** The same styles with lengths in units of the element's own font size. */
export function withoutRem(styles: CSSResult): CSSResult {
  return unsafeCSS(replaceRem(styles.cssText));
}

/** The same for all styles of an element. */
export function allWithoutRem(styles: readonly CSSResultOrNative[]): CSSResultOrNative[] {
  return styles.map((style) => ("cssText" in style ? withoutRem(style) : style));
}

/** Replaces lengths in `rem` by multiples of the element's own unit. */
export function replaceRem(css: string): string {
  return css.replace(/(?<![\w.-])(-?\d*\.?\d+)rem\b/g, (_, value: string) => `calc(${Number(value)} * var(${UNIT}))`);
}
