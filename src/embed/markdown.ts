/** The page's Markdown view for use inside other people's pages, where `rem` means what the page makes of it. */
import { loadMarkdown } from "../ui/parts";
import { MARKDOWN_TAG } from "./markdown-tag";
import { withoutRem } from "./rem";

/** Defines the element; plain text is shown until then, and where it cannot be had. */
export async function defineMarkdown(): Promise<void> {
  const { MarkdownView } = await loadMarkdown();
  if (customElements.get(MARKDOWN_TAG)) return;
  class EmbeddedMarkdown extends MarkdownView {
    static override readonly styles = MarkdownView.styles.map(withoutRem);
  }
  customElements.define(MARKDOWN_TAG, EmbeddedMarkdown);
}
