/** Safe Markdown for answers. Loaded when the first message is shown. */
export { MarkdownView } from "./markdown-view";
export { BlockSplitter } from "./blocks";
export { renderMarkdown } from "./render";
