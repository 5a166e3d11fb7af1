/** What the embedded element takes of the page: small parts that define no elements and bring no page along. */
import type * as Charter from "./charter";
import type { MarkdownView } from "./markdown";

export { copyText } from "./clipboard";
export { formatBytes, formatDuration, formatRate } from "./format";
export { icon, mark } from "./icons";
export { plain, plainLines } from "./plain";
export { setStyle } from "./set-style";
export { backendName, defaultMaxTokens, defaultSampling, modelName } from "./state/models";
export { default as tokensCss } from "./styles/tokens.css?raw";

export type { Entrance } from "./charter";

/** Charters in sentences, loaded when a room is looked into. */
export async function loadCharter(): Promise<typeof Charter> {
  return import("./charter");
}

/** Safe Markdown, loaded with the first answer. */
export async function loadMarkdown(): Promise<{ readonly MarkdownView: typeof MarkdownView }> {
  return import("./markdown");
}
