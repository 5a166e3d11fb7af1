/** Name of the element that shows Markdown; it is no part of the public surface. */
export const MARKDOWN_TAG = "microgrid-markdown";
