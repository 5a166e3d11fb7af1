/** Safe Markdown for answers. Loaded when the first answer is shown. */
export { MarkdownView } from "./markdown-view";
export { BlockSplitter } from "./blocks";
export { renderMarkdown } from "./render";
