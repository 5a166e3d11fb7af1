/** Shows Markdown, also while it is still being written. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { COPIED_MS, copyText } from "../clipboard";
import { base } from "../styles/shared";
import { BlockSplitter } from "./blocks";
import { renderMarkdown } from "./render";
import { markdownStyles } from "./styles";

/** `<mg-markdown .text>`: sanitized Markdown; blocks that are complete are rendered once. */
@customElement("mg-markdown")
export class MarkdownView extends LitElement {
  static override readonly styles = [
    base,
    markdownStyles,
    css`
      :host {
        display: block;
        overflow-wrap: break-word;
      }
      .caret {
        display: inline-block;
        width: 0.5em;
        height: 0.5em;
        margin-top: 0.6em;
        border-radius: 50%;
        background: var(--mg-accent);
        animation: pulse 1.1s ease-in-out infinite;
      }
      @keyframes pulse {
        50% {
          opacity: 0.25;
          transform: scale(0.8);
        }
      }
    `,
  ];

  /** The Markdown source. */
  @property({ attribute: false }) text = "";
  /** True while more text is expected. */
  @property({ type: Boolean }) streaming = false;

  readonly #splitter = new BlockSplitter();

  protected override render(): TemplateResult {
    const blocks = this.#splitter.update(this.text);
    return html`<div class="content" @click=${this.#onClick}>
      ${blocks.map(({ source }) => html`<div class="block">${guard([source], () => unsafeHTML(renderMarkdown(source)))}</div>`)}
      ${this.streaming ? html`<span class="caret" aria-hidden="true"></span>` : nothing}
    </div>`;
  }

  readonly #onClick = (event: Event): void => {
    const button = (event.target as Element).closest("[data-copy]");
    const code = button?.closest(".code")?.querySelector("code")?.textContent;
    if (!button || code === undefined || code === null) return;
    void copyText(code).then((copied) => {
      button.textContent = copied ? "Copied" : "Not allowed";
      setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
    });
  };
}
