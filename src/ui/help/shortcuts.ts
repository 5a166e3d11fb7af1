/** The keyboard shortcuts, for the help. */

const COMMAND = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ["Enter", "send the message"],
  ["Shift Enter", "a new line"],
  ["Esc", "stop the answer, or close the open panel"],
  ["↑", "edit your last message if the field is empty"],
  [`${COMMAND} K`, "search conversations"],
  [`${COMMAND} Shift O`, "new chat"],
];
