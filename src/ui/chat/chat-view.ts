/** The conversation: messages, the answer that is being written, and the field for the next message. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, query, queryAll, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { quotedName } from "../../core";
import { WorkspaceElement } from "../element";
import { icon, downIcon, retryIcon } from "../icons";
import { painted } from "../painted";
import { isRefusal } from "../state/demo";
import { GUIDE, isLoading, localOffers, modelName } from "../state/models";
import type { DraftKeeper } from "../state/draft-keeper";
import { newlyLeft, newlyMoved } from "../state/requests";
import { sections } from "../styles/shared";
import { chatStyles } from "./chat-styles";
import type { AttachingComposer } from "./attaching-composer";
import "./elements";
import "./empty-state";
import { FollowEnd } from "../follow-end";
import { LazyPart } from "../lazy-part";
import { FileDrop } from "./file-drop";
import "./go-back";
import { Narration, narrationView } from "./narration";
import { otherModels } from "./other-models";
import type { QuestionView } from "./question-view";
import "./start-progress";

const MOVED = "This model has no place for a system prompt: it read yours at the beginning of the first question.";
/** The card that recommends a model. */
const recommendation = new LazyPart(() => import("../models/recommendation"));

/** `<mg-chat .workspace>`. */
@customElement("mg-chat")
export class ChatView extends WorkspaceElement {
  static override readonly styles = [sections, chatStyles];

  readonly #end = new FollowEnd(this, {
    scroller: () => this.scroller,
    content: () => this.column,
    active: () => (this.workspace?.chats.messages.length ?? 0) > 0,
  });
  readonly #narration = new Narration();
  /** Why the last message was not taken. */
  @state() private refusal = "";
  @query(".scroller") private readonly scroller!: HTMLElement;
  @query(".column") private readonly column!: HTMLElement;
  @query("mg-composer") private readonly composer!: AttachingComposer;
  @queryAll("mg-question") private readonly questions!: NodeListOf<QuestionView>;
  #drafts: DraftKeeper | undefined;
  /** A suggestion that was pressed before questions could be asked. */
  #early: string | undefined;
  #stop: (() => void)[] = [];

  constructor() {
    super();
    new FileDrop(this, (files) => this.composer.attach(files));
  }

  protected override firstUpdated(): void {
    // The first paint shows no messages: their views come after it, and the chat is scrolled to its end then.
    void painted()
      .then(() => Promise.all([import("./question-element"), import("../markdown")]))
      // The page tells of parts that are missing.
      .then(
        () => this.requestUpdate(),
        () => undefined,
      );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }

  protected override render(): TemplateResult {
    const { workspace } = this;
    const chats = workspace?.chats;
    const messages = chats?.messages ?? [];
    const running = chats?.current && chats.answers.running(chats.current.id);
    const writing = chats?.writing ?? false;
    const refusal = messages.findLast(isRefusal);
    const loading = chats?.currentId !== undefined && !chats.current;
    return html`
      <div class="scroller" @scroll=${this.#end.scrolled}>
        <div
          class="column ${messages.length === 0 && !loading ? "empty" : ""}"
          role="log"
          aria-live="off"
          aria-label="Conversation"
        >
          ${
            messages.length > 0 || loading
              ? html`<h1 class="visually-hidden">${chats?.current?.title ?? "Conversation"}</h1>`
              : html`<mg-empty-state .privacy=${this.#privacy()} @mg-suggest=${this.#suggest}></mg-empty-state>
                  ${this.#mayGoBack() ? html`<mg-go-back .workspace=${workspace}></mg-go-back>` : nothing}
                  <mg-recommendation .workspace=${workspace}></mg-recommendation>`
          }
          ${repeat(
            messages,
            (message) => message.id,
            (message, index) =>
              message.role === "user"
                ? html`<mg-question
                    .message=${message}
                    ?busy=${writing}
                    @mg-edit=${(event: CustomEvent<string>) => this.#edit(message.id, event.detail)}
                    @mg-edit-cancelled=${this.#focus}
                    .version=${chats?.versionOf(message.id)}
                    @mg-version=${(event: CustomEvent<1 | -1>) => chats?.showVersion(message.id, event.detail)}
                  ></mg-question>`
                : html`<mg-answer
                      .message=${message}
                      .running=${running?.message.id === message.id ? running : undefined}
                      .model=${message.answer && workspace ? modelName(workspace.grid.state, message.answer.model) : ""}
                      .left=${newlyLeft(messages, index)}
                      .loadable=${this.#loadable()}
                      .actions=${index === messages.length - 1 && !writing ? "all" : "none"}
                      @mg-regenerate=${() => chats?.regenerate()}
                      @mg-continue=${() => chats?.continueAnswer(message)}
                      @mg-unreadable=${() => chats?.showPlain(message.id)}
                      @mg-answer-here=${() => workspace?.answerHere(message)}
                      .version=${chats?.versionOf(message.id)}
                      ?busy=${writing}
                      @mg-version=${(event: CustomEvent<1 | -1>) => chats?.showVersion(message.id, event.detail)}
                      >${workspace && index === messages.length - 1 ? otherModels(workspace, message.answer?.model) : nothing}</mg-answer
                    >${newlyMoved(messages, index) ? html`<p class="moved">${MOVED}</p>` : nothing}${message === refusal ? html`<mg-recommendation .workspace=${workspace}></mg-recommendation>` : nothing}`,
          )}
          ${this.#unanswered() ? this.#askAgain() : nothing}
        </div>
      </div>
      ${
        this.#end.away
          ? html`<button
              class="icon-button latest"
              aria-label="Jump to the latest message"
              @click=${() => this.#end.toEnd("smooth")}
            >
              ${icon(downIcon)}
            </button>`
          : nothing
      }
      <div class="foot ${messages.length === 0 && !loading ? "start" : ""}">
        <mg-start-progress
          .state=${workspace?.grid.state}
          ?expected=${workspace?.start.pending && !chats?.answers.waiting}
          @mg-choose-model=${() => workspace?.show({ dialog: "models" })}
          @mg-load-here=${() => workspace?.loadHere()}
        ></mg-start-progress>
        ${this.refusal === "" ? nothing : html`<p class="error" role="alert">${this.refusal}</p>`}
        <mg-composer
          ?busy=${writing}
          ?ready=${workspace !== undefined}
          @mg-send=${(event: CustomEvent<string>) => this.#send(event.detail)}
          @mg-stop=${() => chats?.stop()}
          @mg-draft=${this.#drafted}
          @mg-refused=${(event: CustomEvent<Error>) => this.#refuse(event.detail)}
          @mg-edit-last=${() => Array.from(this.questions).at(-1)?.edit()}
        ></mg-composer>
        <p class="hint muted">Answers can be wrong. Check what matters.</p>
      </div>
      ${narrationView(this.#narration)}
    `;
  }

  protected override updated(changed: PropertyValues): void {
    const { workspace } = this;
    if (changed.has("workspace") && workspace) {
      recommendation.want();
      this.#drafts = workspace.keepDrafts(this.composer);
      this.#askEarly();
      this.#stop.push(
        workspace.on("focus-composer", this.#focus),
        workspace.chats.answers.on("progress", ({ answer: { conversation, message }, event }) => {
          if (event.type === "token" && conversation === workspace.chats.currentId)
            this.#narration.hear(message, event.text);
        }),
        workspace.chats.answers.on("finished", ({ conversation, message }) => {
          if (conversation !== workspace.chats.currentId) return;
          this.#narration.end(message);
          this.requestUpdate();
        }),
      );
    }
    const openedBy = this.#drafts?.look();
    if (openedBy) this.#opened(openedBy);
  }

  #opened(by: "person" | "page"): void {
    this.#end.toEnd();
    this.#narration.clear();
    if (this.workspace?.chats.currentId !== undefined) this.refusal = "";
    // A chat that opens by itself takes the cursor from nobody.
    if (by === "person" || document.activeElement === document.body) this.#focus();
  }

  /** True for a message whose answer never began, as when the page was closed in between. */
  #unanswered(): boolean {
    const chats = this.workspace?.chats;
    const last = chats?.current?.messages.at(-1);
    return last?.role === "user" && chats?.messages.at(-1) === last;
  }

  readonly #focus = (): void => {
    // Phones would open their keyboard over the page.
    if (!matchMedia("(pointer: coarse)").matches) this.composer.focus();
  };

  #askAgain(): TemplateResult {
    return html`<div>
      <button class="button" @click=${() => this.workspace?.chats.regenerate()}>
        ${icon(retryIcon, 16)} Answer this
      </button>
    </div>`;
  }

  #privacy(): string {
    const state = this.workspace?.grid.state;
    if (!state?.room || state.policy.privacy === "device")
      return "This AI runs on your device. Nothing you type leaves it.";
    if (state.room.membership.kind !== "member")
      return `${quotedName(state.room.name)} has not let you in yet. Until then, your messages stay on this device.`;
    return `People in ${quotedName(state.room.name)} can answer you. The device that answers can read this chat.`;
  }

  /** Without a room to go back to, not even the space for the offer is left free. */
  #mayGoBack(): boolean {
    const { returnTo, room } = this.workspace?.grid.state ?? {};
    return returnTo !== undefined && room === undefined;
  }

  #loadable(): string {
    const state = this.workspace?.grid.state;
    return !state || localOffers(state).length > 0 || isLoading(state) ? "" : modelName(state, GUIDE);
  }

  readonly #suggest = (event: CustomEvent<string>): void => {
    if (this.workspace) this.#send(event.detail);
    else {
      this.#early = event.detail;
      this.composer.value += (this.composer.value && "\n") + event.detail;
    }
  };

  /** Asks it now, unless the person has written more, or the address opens another conversation. */
  #askEarly(): void {
    const asked = this.#early;
    this.#early = undefined;
    if (asked === undefined || this.composer.value !== asked || this.workspace?.chats.currentId !== undefined) return;
    this.composer.value = "";
    this.#send(asked);
  }

  #send(text: string): void {
    this.#end.toEnd();
    this.refusal = "";
    void this.#drafts?.flush();
    const { chats } = this.workspace ?? {};
    const id = chats?.currentId;
    const notTaken = (): void => {
      if (id === undefined || id === chats?.currentId) this.#drafts?.putBack(text);
    };
    void chats?.send(text).then(
      (taken) => {
        if (taken) return;
        notTaken();
        this.#drafts?.typed(this.composer.value);
      },
      (error: unknown) => {
        this.#refuse(error);
        notTaken();
      },
    );
  }

  #edit(id: string, text: string): void {
    this.refusal = "";
    void this.workspace?.chats.edit(id, text).catch(async (error: unknown) => {
      this.#refuse(error);
      await this.updateComplete;
      await Array.from(this.questions)
        .find(({ message }) => message?.id === id)
        ?.edit(text);
    });
  }

  #refuse(error: unknown): void {
    this.refusal = error instanceof Error ? error.message : "The message could not be kept. Try again.";
  }

  readonly #drafted = (event: CustomEvent<string>): void => {
    this.refusal = "";
    this.#drafts?.typed(event.detail);
  };
}
