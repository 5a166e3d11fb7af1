/** Safe Markdown for answers. Loaded when the first answer is shown. */
export { MarkdownView } from "./markdown-view";
