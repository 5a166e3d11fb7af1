/** The conversation: messages, the answer that is being written, and the field for the next message. */
import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, queryAll, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../icons";
import { plain } from "../plain";
import { painted } from "../painted";
import { WorkspaceController } from "../state/controller";
import { GUIDE, isLoading, localOffers, modelName } from "../state/models";
import type { Workspace } from "../state/workspace";
import { base, buttons } from "../styles/shared";
import "./answer-view";
import type { Composer } from "./composer";
import "./composer";
import "./empty-state";
import "./question-view";
import type { QuestionView } from "./question-view";
import "./start-progress";

/** How near to the end the reader must be for the view to follow the text, px. */
const FOLLOW_PX = 80;
/** Time without typing after which a draft is saved, ms. */
const DRAFT_MS = 300;

/** `<mg-chat .workspace>`. */
@customElement("mg-chat")
export class ChatView extends LitElement {
  static override readonly styles = [
    base,
    buttons,
    css`
      :host {
        position: relative;
        display: flex;
        flex-direction: column;
        min-height: 0;
        height: 100%;
      }
      .scroller {
        flex: 1;
        min-height: 0;
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
        scrollbar-color: var(--mg-border-strong) transparent;
      }
      .column {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.5rem;
        width: min(100%, var(--mg-column));
        margin-inline: auto;
        padding: 1.5rem 1.25rem 2rem;
      }
      .column.empty {
        min-height: 100%;
        align-content: center;
      }
      .foot {
        width: min(100%, var(--mg-column));
        margin-inline: auto;
        padding: 0 1rem max(0.625rem, env(safe-area-inset-bottom));
      }
      .hint {
        padding-top: 0.5rem;
        text-align: center;
        font-size: 0.75rem;
      }
      .latest {
        position: absolute;
        left: 50%;
        bottom: 6.5rem;
        translate: -50% 0;
        border: 1px solid var(--mg-border);
        border-radius: 50%;
        background: var(--mg-raised);
        box-shadow: var(--mg-shadow);
      }
      @media (max-width: 640px) {
        .column {
          padding-inline: 1rem;
        }
        .foot {
          padding-inline: 0.625rem;
        }
      }
    `,
  ];

  @property({ attribute: false }) workspace: Workspace | undefined;
  @state() private away = false;
  @state() private announcement = "";
  @query(".scroller") private readonly scroller!: HTMLElement;
  @query("mg-composer") private readonly composer!: Composer;
  @queryAll("mg-question") private readonly questions!: NodeListOf<QuestionView>;
  #shownId: string | undefined | null = null;
  #follow = true;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;
  #saveDraft: (() => void) | undefined;
  #stop: (() => void)[] = [];

  constructor() {
    super();
    new WorkspaceController(this);
  }

  protected override firstUpdated(): void {
    // Markdown is not needed to paint the page; text is shown once it has come.
    void painted().then(() => import("../markdown"));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }

  protected override render(): TemplateResult {
    const { workspace } = this;
    const messages = workspace?.messages ?? [];
    const running = workspace?.current && workspace.answers.running(workspace.current.id);
    const writing = running?.message.status === "streaming";
    const loading = workspace?.currentId !== undefined && !workspace.current;
    return html`
      <div class="scroller" @scroll=${this.#scrolled}>
        <div
          class="column ${messages.length === 0 && !loading ? "empty" : ""}"
          role="log"
          aria-live="off"
          aria-label="Conversation"
        >
          ${
            messages.length > 0 || loading
              ? nothing
              : html`<mg-empty-state .privacy=${this.#privacy()} @mg-suggest=${this.#suggest}></mg-empty-state>`
          }
          ${repeat(
            messages,
            (message) => message.id,
            (message, index) =>
              message.role === "user"
                ? html`<mg-question
                    .message=${message}
                    ?busy=${writing}
                    @mg-edit=${(event: CustomEvent<string>) => workspace?.edit(message.id, event.detail)}
                    @mg-edit-cancelled=${() => this.composer.focus()}
                  ></mg-question>`
                : html`<mg-answer
                    .message=${message}
                    .running=${running?.message.id === message.id ? running : undefined}
                    .model=${message.answer && workspace ? modelName(workspace.grid.state, message.answer.model) : ""}
                    .loadable=${this.#loadable()}
                    ?last=${index === messages.length - 1 && !writing}
                    @mg-regenerate=${() => workspace?.regenerate()}
                    @mg-continue=${() => workspace?.continueAnswer(message)}
                    @mg-answer-here=${() => workspace?.answerHere(message)}
                  ></mg-answer>`,
          )}
          ${this.#unanswered() ? this.#askAgain() : nothing}
        </div>
      </div>
      ${
        this.away
          ? html`<button class="icon-button latest" aria-label="Jump to the latest message" @click=${this.#toEnd}>
              ${icon("down")}
            </button>`
          : nothing
      }
      <div class="foot">
        <mg-start-progress .workspace=${workspace}></mg-start-progress>
        <mg-composer
          ?busy=${writing}
          ?ready=${workspace !== undefined}
          @mg-send=${(event: CustomEvent<string>) => this.#send(event.detail)}
          @mg-stop=${this.#stopAnswer}
          @mg-draft=${this.#drafted}
          @mg-edit-last=${() => Array.from(this.questions).at(-1)?.edit()}
        ></mg-composer>
        <p class="hint muted">Answers can be wrong. Check what matters.</p>
      </div>
      <div class="visually-hidden" role="status">${this.announcement}</div>
    `;
  }

  protected override updated(changed: PropertyValues): void {
    const { workspace } = this;
    if (changed.has("workspace") && workspace) {
      this.#stop.push(
        workspace.on("focus-composer", () => this.composer.focus()),
        workspace.answers.on("finished", ({ conversation, message }) => {
          if (conversation !== workspace.currentId) return;
          this.announcement = message.status === "complete" ? "Answer finished." : "Answer stopped.";
        }),
      );
    }
    if (workspace && workspace.currentId !== this.#shownId) this.#opened(workspace);
    // Children lay out after this update; follow the text once they have.
    if (this.#follow && (workspace?.messages.length ?? 0) > 0)
      requestAnimationFrame(() => this.scroller.scrollTo({ top: this.scroller.scrollHeight }));
  }

  #opened(workspace: Workspace): void {
    this.#flushDraft();
    // What was typed while the page was starting, or while a sent message made its chat, belongs to this one.
    const begun = this.#shownId === undefined && workspace.current?.messages.length === 0;
    if (this.#shownId !== null && !begun) this.composer.value = "";
    this.#shownId = workspace.currentId;
    this.#follow = true;
    this.announcement = "";
    const early = this.composer.value;
    if (early === "") void workspace.draft().then((draft) => this.#showDraft(workspace, draft));
    else workspace.draftSaver(early)();
    this.composer.focus();
  }

  #showDraft(workspace: Workspace, draft: string): void {
    // Whoever began to type meanwhile goes on typing.
    if (workspace.currentId === this.#shownId && this.composer.value === "") this.composer.value = draft;
  }

  // A message whose answer never began, as when the page was closed in between.
  #unanswered(): boolean {
    const last = this.workspace?.current?.messages.at(-1);
    return last?.role === "user" && this.workspace?.messages.at(-1) === last;
  }

  #askAgain(): TemplateResult {
    return html`<div>
      <button class="button" @click=${() => this.workspace?.regenerate()}>${icon("retry", 16)} Answer this</button>
    </div>`;
  }

  #privacy(): string {
    const state = this.workspace?.grid.state;
    if (!state?.room || state.policy.privacy === "device")
      return "It runs in this page. Your messages stay on this device.";
    return `You are in the room “${plain(state.room.name)}”: its peers may answer, and whoever answers sees the chat.`;
  }

  #loadable(): string {
    const state = this.workspace?.grid.state;
    return !state || localOffers(state).length > 0 || isLoading(state) ? "" : modelName(state, GUIDE);
  }

  readonly #suggest = (event: CustomEvent<string>): void => {
    if (this.workspace) this.#send(event.detail);
    else this.composer.value = event.detail;
  };

  #send(text: string): void {
    this.#follow = true;
    this.announcement = "";
    this.#flushDraft();
    void this.workspace?.send(text).catch((error: unknown) => {
      // The message could not even be stored: give it back.
      this.composer.value = text;
      this.workspace?.toast(error instanceof Error ? error.message : "The message could not be kept. Try again.");
    });
  }

  readonly #stopAnswer = (): void => {
    if (this.workspace?.currentId !== undefined) this.workspace.answers.stop(this.workspace.currentId);
  };

  readonly #drafted = (event: CustomEvent<string>): void => {
    clearTimeout(this.#draftTimer);
    this.#saveDraft = this.workspace?.draftSaver(event.detail);
    if (event.detail === "") this.#flushDraft();
    else this.#draftTimer = setTimeout(() => this.#flushDraft(), DRAFT_MS);
  };

  // Nothing typed may be lost by going elsewhere before typing rested.
  #flushDraft(): void {
    clearTimeout(this.#draftTimer);
    this.#saveDraft?.();
    this.#saveDraft = undefined;
  }

  readonly #scrolled = (): void => {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.#follow = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
    this.away = !this.#follow;
  };

  readonly #toEnd = (): void => {
    this.#follow = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: "smooth" });
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "mg-chat": ChatView;
  }
}
