/** Shows Markdown, also while it is still being written. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shownParts } from "../../grid/parts";
import { COPIED_MS, copyText } from "../clipboard";
import { formatDuration } from "../format";
import { base } from "../styles/shared";
import { codeStyles } from "./code-styles";
import { inPlace } from "./in-place";
import { reader } from "./reader";
import { ShownText } from "./shown-text";
import { markdownStyles } from "./styles";
import { typesetting } from "./wanted";

/**
 * `<mg-markdown .text .thinking>`: an answer as sanitized Markdown, with the thinking before it folded. A worker reads the
 * text, and only what has changed is rendered. Event: `mg-unreadable` when the text would take too long to read; it is shown
 * as it is written then, and should be with `plain` from then on.
 */
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
      /* Most texts are read within a frame or two; nobody should see their marks flash. */
      .unread {
        animation: appear 0s 200ms both;
      }
      @keyframes appear {
        from {
          opacity: 0;
        }
      }
      .note {
        color: var(--mg-muted);
        font-size: 0.875rem;
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

  /** True for a text that is shown as it is written, since it once took too long to read. */
  @property({ type: Boolean }) plain = false;
  /** How long the model thought before it answered, ms, if that is known. */
  @property({ attribute: false }) thoughtMs: number | undefined;
  /** True while the thinking is unfolded; it is only rendered then. */
  @state() private unfolded = false;

  readonly #answer = this.#shown();
  readonly #thoughts = this.#shown();
  #stopTypesetting: (() => void) | undefined;
  #drawMs = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopTypesetting = typesetting.on("loaded", () => this.requestUpdate());
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTypesetting?.();
    this.#answer.close();
    this.#thoughts.close();
  }

  /** Resolves when the newest text is shown. */
  protected override async getUpdateComplete(): Promise<boolean> {
    await super.getUpdateComplete();
    await Promise.all([this.#answer.settled(), this.#thoughts.settled()]);
    return super.getUpdateComplete();
  }

  protected override update(changed: PropertyValues): void {
    const began = performance.now();
    super.update(changed);
    this.#drawMs = performance.now() - began;
  }

  protected override render(): TemplateResult {
    const { content, reasoning } = shownParts({ role: "assistant", content: this.text, reasoning: this.thinking });
    const done = reasoning === "" || content !== "";
    return html`${this.#thinking(reasoning, done)}
      <div class="content" @click=${this.#onClick}>
        ${this.#blocks(this.#answer, content, !this.streaming)}
        ${this.streaming && done ? html`<span class="caret" aria-hidden="true"></span>` : nothing}
      </div>`;
  }

  #thinking(reasoning: string, done: boolean): TemplateResult | typeof nothing {
    if (reasoning === "") return nothing;
    const thoughts = this.unfolded ? this.#blocks(this.#thoughts, reasoning, done || !this.streaming) : nothing;
    return html`<details class="thinking" ?open=${this.unfolded} @toggle=${this.#onToggle}>
      <summary>
        ${this.#thinkingText(done)}
        ${this.streaming && !done ? html`<span class="caret" aria-hidden="true"></span>` : nothing}
      </summary>
      <div class="thoughts" @click=${this.#onClick}>${thoughts}</div>
    </details>`;
  }

  #thinkingText(done: boolean): string {
    if (!done) return this.streaming ? "Thinking…" : "Stopped while thinking";
    return this.thoughtMs === undefined ? "Thought before answering" : `Thought for ${formatDuration(this.thoughtMs)}`;
  }

  #blocks(shown: ShownText, text: string, complete: boolean): TemplateResult | TemplateResult[] {
    if (!this.plain) shown.update(text, complete);
    const tooSlow = this.plain || shown.problem?.tooMuch === true;
    if (!tooSlow && shown.blocks) return shown.blocks.map((each) => html`<div class="block" ${inPlace(each)}></div>`);
    const unread = !tooSlow && !shown.problem && !this.streaming;
    return html`<div class="block ${unread ? "unread" : ""}"><p class="raw" dir="auto">${text}</p></div>
      ${tooSlow ? html`<p class="note">Shown as it was written: formatting it takes too long.</p>` : nothing}`;
  }

  #shown(): ShownText {
    const shown: ShownText = new ShownText({
      reader,
      lastDrawMs: () => this.#drawMs,
      onChange: () => {
        this.requestUpdate();
        if (shown.problem?.tooMuch) this.dispatchEvent(new Event("mg-unreadable"));
      },
    });
    return shown;
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
