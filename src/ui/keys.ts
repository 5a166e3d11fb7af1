/** Meanings of keys that differ between devices. */

/** Keyboards on a screen have no Shift+Enter, so Enter starts a new line there. */
const TOUCH = "(hover: none) and (pointer: coarse)";

/** The code of all keys that an input method takes. */
const TAKEN_CODE = 229;

/** True for a key that belongs to an input method: Enter may end a composition, and Escape may cancel it. */
export function isComposing(event: KeyboardEvent): boolean {
  // oxlint-disable-next-line typescript/no-deprecated -- Safari gives no other sign of it for the last key.
  return event.isComposing || event.keyCode === TAKEN_CODE;
}

/** True on devices whose main input is touch. */
export function isTouch(): boolean {
  return matchMedia(TOUCH).matches;
}

/** True if this key sends the text of a field with several lines. */
export function sends(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !isTouch() && !isComposing(event);
}
