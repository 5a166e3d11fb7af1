/** Shows Markdown, also while it is still being written. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { COPIED_MS, copyText } from "../clipboard";
import { base } from "../styles/shared";
import { codeStyles } from "./code-styles";
import { LiveDocument } from "./document";
import { inPlace } from "./in-place";
import { markdownStyles } from "./styles";
import { colouring, typesetting } from "./wanted";

/** `<mg-markdown .text>`: sanitized Markdown; blocks that are complete are rendered once. */
@customElement("mg-markdown")
export class MarkdownView extends LitElement {
  static override readonly styles = [
    base,
    markdownStyles,
    codeStyles,
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

  readonly #document = new LiveDocument();
  #stop: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = [colouring, typesetting].map((part) => part.on("loaded", () => this.requestUpdate()));
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stop) stop();
  }

  protected override render(): TemplateResult {
    const blocks = this.#document.update(this.text, !this.streaming);
    return html`<div class="content" @click=${this.#onClick}>
      ${blocks.map((block) => html`<div class="block" ${inPlace(block)}></div>`)}
      ${this.streaming ? html`<span class="caret" aria-hidden="true"></span>` : nothing}
    </div>`;
  }

  readonly #onClick = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy], [data-goto]");
    const { goto } = button?.dataset ?? {};
    if (goto !== undefined) this.#goTo(goto);
    else if (button) copyCode(button);
  };

  /** Shows a footnote, or the place that refers to it, and moves the focus there. */
  #goTo(anchor: string): void {
    const target = this.renderRoot.querySelector<HTMLElement>(`[data-anchor="${CSS.escape(anchor)}"]`);
    if (!target) return;
    target.scrollIntoView({ block: "nearest" });
    (target.matches("button") ? target : target.querySelector<HTMLElement>(":scope > button"))?.focus();
  }
}

function copyCode(button: HTMLElement): void {
  const code = button.closest(".code")?.querySelector("code")?.textContent ?? "";
  void copyText(code).then((copied) => {
    button.textContent = copied ? "Copied" : "Not allowed";
    setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
  });
}
