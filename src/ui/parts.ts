/** What the embedded element takes of the page: small parts that define no elements and bring no page along. */
import type { MarkdownView } from "./markdown";

export { copyText } from "./clipboard";
export { formatBytes, formatDuration, formatRate } from "./format";
export { icon, mark } from "./icons";
export { plain, plainLines } from "./plain";
export { setStyle } from "./set-style";
export { backendName, defaultMaxTokens, defaultSampling, modelName } from "./state/models";
export { default as tokensCss } from "./styles/tokens.css?raw";

/** Safe Markdown, loaded with the first answer. */
export async function loadMarkdown(): Promise<{ readonly MarkdownView: typeof MarkdownView }> {
  return import("./markdown");
}
