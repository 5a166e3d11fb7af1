/** The keys that the page knows, as its help lists them. */

const COMMAND = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["Enter", "send the message"],
  ["Shift Enter", "a new line"],
  ["Esc", "stop the answer, or close what is open"],
  ["↑", "edit your last message, when the field is empty"],
  [`${COMMAND} K`, "search conversations"],
  [`${COMMAND} Shift O`, "new chat"],
];
