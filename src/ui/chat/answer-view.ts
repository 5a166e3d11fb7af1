/** One answer: its text as it arrives, its state, and the buttons under it. */
import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { MessageVersion, StoredMessage } from "../../grid";
import { shownParts } from "../../grid/parts";
import { MicrogridElement } from "../element";
import { COPIED_MS, copyText } from "../clipboard";
import { icon, checkIcon, copyIcon, forwardIcon, retryIcon } from "../icons";
import { sections } from "../styles/shared";
import type { RunningAnswer } from "../state/answer-run";
import { answeringStyles, answeringView } from "./answering";
import { versionStyles, versionSwitch } from "./version-switch";
import { originStyles, originView } from "./answer-origin";

/**
 * `<mg-answer .message .running>`. Slot `more`: further buttons beside the one that regenerates. Events: `mg-regenerate`,
 * `mg-continue`, `mg-answer-here`, `mg-version` (detail: the step to another version), `mg-unreadable` (its text takes too
 * long to read). Parts: `answer`, `error`,
 * `origin`. An answer that another tab writes has the status `streaming` and no `running`.
 */
export class AnswerView extends MicrogridElement {
  static override readonly styles = [
    sections,
    originStyles,
    answeringStyles,
    versionStyles,
    css`
      :host {
        position: relative;
        display: block;
      }
      .plain {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .foot {
        display: flex;
        align-items: flex-start;
        flex-wrap: wrap;
        gap: 0.125rem 0.5rem;
        margin-top: 0.5rem;
        min-height: 2rem;
      }
      .actions {
        display: flex;
        align-items: center;
        margin-inline-start: -0.375rem;
      }
      .error,
      .note {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.75rem;
        margin-top: 0.75rem;
      }
      .note {
        color: var(--mg-muted);
        font-size: 0.875rem;
      }
      .error .text {
        flex: 1 1 14rem;
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
    `,
  ];

  @property({ attribute: false }) message: StoredMessage | undefined;
  @property({ attribute: false }) running: RunningAnswer | undefined;
  /** The model's name for people. */
  @property() model = "";
  /**
   * The buttons besides the one that copies: `retry` asks again for an answer that failed; `all` can also continue an
   * answer and make it again at any time.
   */
  @property({ attribute: false }) actions: "none" | "retry" | "all" = "none";
  /** Name of the model that could be loaded here to answer; empty if a model is loaded already. */
  @property() loadable = "";
  /** Number of the oldest messages that the answer does not know, if that is to be said here. */
  @property({ attribute: false }) left = 0;
  /** Where the answer stands among its versions. */
  @property({ attribute: false }) version: MessageVersion | undefined;
  /** True while another answer is written. */
  @property({ type: Boolean }) busy = false;
  @state() private copied = false;

  protected override render(): TemplateResult | typeof nothing {
    const { message } = this;
    if (!message) return nothing;
    const streaming = message.status === "streaming";
    return html`<h2 class="visually-hidden">Answer</h2>
      <article aria-label="Answer" aria-busy=${streaming} part="answer">
        ${isEmpty(message) ? nothing : this.textView(message)} ${streaming ? this.#waiting() : this.#ended(message)}
      </article>`;
  }

  /** The text of the answer. Another element that shows Markdown can take its place. */
  protected textView({ content, reasoning, status, answer, plain }: StoredMessage): TemplateResult {
    return html`<mg-markdown
      .text=${content}
      .thinking=${reasoning ?? ""}
      .thoughtMs=${answer?.thoughtMs}
      ?streaming=${status === "streaming"}
      ?plain=${plain === true}
      @mg-unreadable=${() => this.#tell("mg-unreadable")}
    ></mg-markdown>`;
  }

  #waiting(): TemplateResult {
    const { running } = this;
    if (!running) return html`<p class="note">Being answered in another tab…</p>`;
    return answeringView(running);
  }

  #ended(message: StoredMessage): TemplateResult {
    return html`${this.#trouble(message)} ${this.left > 0 ? html`<p class="note">${leftText(this.left)}</p>` : nothing}
      <div class="foot">
        <div class="actions">
          ${versionSwitch(this.version, this.busy, (step) => this.#tell("mg-version", step))}
          ${
            message.content === ""
              ? nothing
              : html`<button class="icon-button small" aria-label="Copy answer" title="Copy" @click=${this.#copy}>
                  ${icon(this.copied ? checkIcon : copyIcon, 16)}
                </button>`
          }
          ${
            this.actions === "all" && (!isEmpty(message) || message.status === "complete")
              ? html`<button
                    class="icon-button small"
                    aria-label="Regenerate answer"
                    title="Regenerate"
                    @click=${() => this.#tell("mg-regenerate")}
                  >
                    ${icon(retryIcon, 16)}</button
                  ><slot name="more"></slot>`
              : nothing
          }
        </div>
        ${originView(message.answer, this.model)}
      </div>`;
  }

  #trouble(message: StoredMessage): TemplateResult | typeof nothing {
    const failed = message.status === "failed";
    // The same request would only be refused again.
    const tooLong = message.answer?.error?.code === "context-exceeded";
    const proceed =
      this.actions === "none" || tooLong || (this.actions === "retry" && !failed)
        ? nothing
        : isEmpty(message) || this.actions === "retry"
          ? html`<button class="button" @click=${() => this.#tell("mg-regenerate")}>
              ${icon(retryIcon, 16)} Retry
            </button>`
          : html`<button class="button" @click=${() => this.#tell("mg-continue")}>
              ${icon(forwardIcon, 16)} Continue
            </button>`;
    if (failed) {
      return html`<div class="error" part="error" role="alert">
        <span class="text"
          >${message.answer?.error?.message ?? "This answer failed for an unknown reason. Try again."}</span
        ><span class="choices">${this.#here(message)}${proceed}</span>
      </div>`;
    }
    if (message.status === "interrupted") return html`<div class="note"><span>Stopped.</span>${proceed}</div>`;
    if (message.answer?.finishReason === "length") {
      return html`<div class="note"><span>Cut off at the length limit.</span>${proceed}</div>`;
    }
    return nothing;
  }

  #here(message: StoredMessage): TemplateResult | typeof nothing {
    const code = message.answer?.error?.code;
    if (this.actions !== "all" || this.loadable === "" || (code !== "no-provider" && code !== "model-not-loaded"))
      return nothing;
    const then = message.content === "" ? "answer" : "go on";
    return html`<button class="button" @click=${() => this.#tell("mg-answer-here")}>
      Load ${this.loadable} here and ${then}
    </button>`;
  }

  readonly #copy = (): void => {
    void copyText(this.message ? shownParts(this.message).content : "").then((copied) => {
      this.copied = copied;
      setTimeout(() => (this.copied = false), COPIED_MS);
    });
  };

  #tell(type: string, detail?: number): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** True for an answer without text and thought. */
function isEmpty({ content, reasoning }: StoredMessage): boolean {
  return content === "" && reasoning === undefined;
}

function leftText(left: number): string {
  return left === 1
    ? "The oldest message no longer fits this model; it did not read it."
    : `The oldest ${left} messages no longer fit this model; it did not read them.`;
}
