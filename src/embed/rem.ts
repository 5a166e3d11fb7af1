/** Styles that do not depend on the font size of the page's root, which on other people's pages may be anything. */
import { type CSSResult, unsafeCSS } from "lit";

/** What `rem` is on the page that the styles were written for, px. */
const ROOT_PX = 16;

/** The same styles in px. */
export function withoutRem(styles: CSSResult): CSSResult {
  return unsafeCSS(remToPx(styles.cssText));
}

/** Replaces lengths in `rem` by lengths in `px`. */
export function remToPx(css: string): string {
  return css.replace(/(?<![\w.]|[\w-]-)(\d*\.?\d+)rem\b/g, (_, value: string) => `${Number(value) * ROOT_PX}px`);
}
