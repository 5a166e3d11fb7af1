/** Windows in which the sidebar lies over the chat: narrow ones, and phones that are held sideways. */
import { unsafeCSS } from "lit";

const QUERY = "(max-width: 820px), (max-height: 480px) and (max-width: 960px)";

/** The same as a media query in styles. */
export const narrow = unsafeCSS(QUERY);

/** True while the sidebar lies over the chat. */
export function isNarrow(): boolean {
  return matchMedia(QUERY).matches;
}
