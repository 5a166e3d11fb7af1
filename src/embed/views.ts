/** The page's views of a chat under names of the element's own, with styles that fit into other people's pages. */
import { css, html, type TemplateResult } from "lit";
import { AnswerView, Composer, LoadProgressView, QuestionView, loadMarkdown, loadPreview } from "../ui/parts";
import { withoutRem } from "./rem";

const MARKDOWN = "microgrid-markdown";
let markdown: Promise<void> | undefined;
let preview: ReturnType<typeof loadPreview> | undefined;

/** An answer that is plain text until Markdown can be shown, and stays so if that cannot be loaded. */
class EmbeddedAnswer extends AnswerView {
  static override readonly styles = AnswerView.styles.map(withoutRem);

  override connectedCallback(): void {
    super.connectedCallback();
    void customElements.whenDefined(MARKDOWN).then(() => this.requestUpdate());
  }

  protected override textView(text: string, streaming: boolean): TemplateResult {
    markdown ??= defineMarkdown().catch(() => void (markdown = undefined));
    return customElements.get(MARKDOWN)
      ? html`<microgrid-markdown .text=${text} ?streaming=${streaming}></microgrid-markdown>`
      : html`<div class="plain">${text}</div>`;
  }
}

class EmbeddedComposer extends Composer {
  static override readonly styles = [
    ...Composer.styles.map(withoutRem),
    css`
      textarea {
        max-height: 140px;
        /* Below 16 px phones zoom into the page. */
        font-size: max(16px, var(--mg-rem));
      }
    `,
  ];
}

class EmbeddedQuestion extends QuestionView {
  static override readonly styles = QuestionView.styles.map(withoutRem);
}

class EmbeddedLoadProgress extends LoadProgressView {
  static override readonly styles = LoadProgressView.styles.map(withoutRem);
}

/** Registers the views that the element needs at once. None of them is part of the public surface. */
export function defineViews(): void {
  customElements.define("microgrid-answer", EmbeddedAnswer);
  customElements.define("microgrid-composer", EmbeddedComposer);
  customElements.define("microgrid-question", EmbeddedQuestion);
  customElements.define("microgrid-load-progress", EmbeddedLoadProgress);
}

/** Loads and registers the view of a room from outside. */
export function definePreview(): ReturnType<typeof loadPreview> {
  preview ??= loadPreview().then((parts) => {
    class EmbeddedPreview extends parts.RoomPreviewView {
      static override readonly styles = parts.RoomPreviewView.styles.map(withoutRem);
    }
    customElements.define("microgrid-room-preview", EmbeddedPreview);
    return parts;
  });
  preview.catch(() => (preview = undefined));
  return preview;
}

async function defineMarkdown(): Promise<void> {
  const { MarkdownView } = await loadMarkdown();
  class EmbeddedMarkdown extends MarkdownView {
    static override readonly styles = MarkdownView.styles.map(withoutRem);
  }
  customElements.define(MARKDOWN, EmbeddedMarkdown);
}
