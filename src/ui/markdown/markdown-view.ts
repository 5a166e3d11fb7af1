/** Shows Markdown, also while it is still being written. */
import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shownParts } from "../../grid/parts";
import { COPIED_MS, copyText } from "../clipboard";
import { formatDuration } from "../format";
import { base } from "../styles/shared";
import { codeStyles } from "./code-styles";
import { LiveDocument } from "./document";
import { inPlace } from "./in-place";
import { markdownStyles } from "./styles";
import { colouring, typesetting } from "./wanted";

/** `<mg-markdown .text .thinking>`: an answer as sanitized Markdown, with the thinking before it folded. Complete blocks are rendered once. */
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
  /** The thought before it, in Markdown, too. */
  @property({ attribute: false }) thinking = "";
  /** True while more text is expected. */
  @property({ type: Boolean }) streaming = false;

  /** How long the model thought before it answered, ms, if that is known. */
  @property({ attribute: false }) thoughtMs: number | undefined;
  /** True while the thinking is unfolded; it is only rendered then. */
  @state() private unfolded = false;

  readonly #document = new LiveDocument();
  readonly #thoughts = new LiveDocument();
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
    const { content, reasoning } = shownParts({ role: "assistant", content: this.text, reasoning: this.thinking });
    const done = reasoning === "" || content !== "";
    return html`${this.#thinking(reasoning, done)}
      <div class="content" @click=${this.#onClick}>
        ${this.#blocks(this.#document.update(content, !this.streaming))}
        ${this.streaming && done ? html`<span class="caret" aria-hidden="true"></span>` : nothing}
      </div>`;
  }

  #thinking(reasoning: string, done: boolean): TemplateResult | typeof nothing {
    if (reasoning === "") return nothing;
    const thoughts = this.unfolded ? this.#thoughts.update(reasoning, done || !this.streaming) : [];
    return html`<details class="thinking" ?open=${this.unfolded} @toggle=${this.#onToggle}>
      <summary>
        ${this.#thinkingText(done)}
        ${this.streaming && !done ? html`<span class="caret" aria-hidden="true"></span>` : nothing}
      </summary>
      <div class="thoughts" @click=${this.#onClick}>${this.#blocks(thoughts)}</div>
    </details>`;
  }

  #thinkingText(done: boolean): string {
    if (!done) return this.streaming ? "Thinking…" : "Stopped while thinking";
    return this.thoughtMs === undefined ? "Thought before answering" : `Thought for ${formatDuration(this.thoughtMs)}`;
  }

  #blocks(blocks: readonly string[]): TemplateResult[] {
    return blocks.map((block) => html`<div class="block" ${inPlace(block)}></div>`);
  }

  readonly #onToggle = (event: Event): void => {
    this.unfolded = (event.target as HTMLDetailsElement).open;
  };

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
