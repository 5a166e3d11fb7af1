/** Limits of what is stored, for the parts of the page that come before the store. */

/** Longest message, in characters. */
export const MAX_MESSAGE_CHARS = 4_000_000;
