/** The page's views of a chat under names of the element's own, with styles that fit into other people's pages. */
import { css, html, type CSSResultGroup, type CSSResultOrNative, type TemplateResult } from "lit";
import type { StoredMessage } from "../grid";
import {
  AnswerView,
  Composer,
  LoadProgressView,
  QuestionView,
  fitStyles,
  loadMarkdown,
  loadPreview,
} from "../ui/parts";
import { allWithoutRem } from "./rem";

const MARKDOWN = "microgrid-markdown";
let markdown: Promise<void> | undefined;
let preview: ReturnType<typeof loadPreview> | undefined;

/** An answer that is plain text until Markdown can be shown, and stays so if that cannot be loaded. */
class EmbeddedAnswer extends AnswerView {
  override connectedCallback(): void {
    super.connectedCallback();
    void customElements.whenDefined(MARKDOWN).then(() => this.requestUpdate());
  }

  protected override textView({ content, reasoning, status, answer }: StoredMessage): TemplateResult {
    markdown ??= defineMarkdown().catch(() => void (markdown = undefined));
    return customElements.get(MARKDOWN)
      ? html`<microgrid-markdown
          .text=${content}
          .thinking=${reasoning ?? ""}
          .thoughtMs=${answer?.thoughtMs}
          ?streaming=${status === "streaming"}
        ></microgrid-markdown>`
      : html`<div class="plain" dir="auto">${content}</div>`;
  }
}

class EmbeddedComposer extends Composer {
  static override readonly styles = [
    ...Composer.styles,
    css`
      textarea {
        max-height: 140px;
        /* Below 16 px phones zoom into the page. */
        font-size: max(16px, var(--mg-rem));
      }
    `,
  ];
}

/** Registers the views that the element needs at once. None of them is part of the public surface. */
export function defineViews(): void {
  fitStyles(allWithoutRem);
  customElements.define("microgrid-answer", EmbeddedAnswer);
  customElements.define("microgrid-composer", EmbeddedComposer);
  customElements.define("microgrid-question", QuestionView);
  customElements.define("microgrid-load-progress", LoadProgressView);
}

/** Loads and registers the view of a room from outside. */
export function definePreview(): ReturnType<typeof loadPreview> {
  preview ??= loadPreview().then((parts) => {
    customElements.define("microgrid-room-preview", parts.RoomPreviewView);
    return parts;
  });
  preview.catch(() => (preview = undefined));
  return preview;
}

async function defineMarkdown(): Promise<void> {
  const { MarkdownView } = await loadMarkdown();
  class EmbeddedMarkdown extends MarkdownView {
    protected static override finalizeStyles(styles?: CSSResultGroup): CSSResultOrNative[] {
      return allWithoutRem(super.finalizeStyles(styles));
    }
  }
  customElements.define(MARKDOWN, EmbeddedMarkdown);
}
