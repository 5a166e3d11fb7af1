/** `<microgrid-chat>`: a chat, on any page, with a model that runs on the visitor's own device or in a room. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Policy } from "../grid";
import {
  type Composer,
  FollowEnd,
  Narration,
  icon,
  mark,
  modelName,
  narrationView,
  newlyLeft,
  tooLong,
  plusIcon,
} from "../ui/parts";
import { readAttributes } from "./attributes";
import { beginningView } from "./beginning-view";
import { Dialogue, type Turn } from "./dialogue";
import { send } from "./events";
import { footerView } from "./footer-view";
import { GridElement } from "./grid-element";
import { mistakesView, readinessView } from "./readiness-view";
import { embeddedChatStyles } from "./styles";
import { whereView } from "./where-view";

/**
 * A chat for any page. Events: see `MicrogridElementEvents`. Slots: `header`, `empty`, `footer`.
 * All elements of a page share one grid; each has its own conversation, kept in memory only.
 */
export class MicrogridChat extends GridElement {
  static override readonly styles = embeddedChatStyles;

  /** Id of the model that is loaded when the element enters the page; empty loads none and asks the room. */
  declare model: string;
  /**
   * An invite link. The person is asked before the room is entered. Everybody who can read the page can enter it too. Without
   * it, and until the person is inside, no question leaves the device, even if another part of the page is in a room.
   */
  declare room: string;
  /** How far questions may travel: `device`, `room` or `anywhere`; empty leaves it to the grid's own policy. */
  @property({ reflect: true, useDefault: true }) policy = "";
  /** Text of the empty field for messages. */
  @property({ reflect: true, useDefault: true }) placeholder = "Ask anything";
  /** Instructions for the model before the conversation; the visitor does not see them. */
  @property({ reflect: true, useDefault: true }) system = "";
  /** A sentence before the first question. */
  @property({ reflect: true, useDefault: true }) greeting = "";
  /** Questions that can be asked with one press before the first one: one in each line, or between bars (`|`). */
  @property({ reflect: true, useDefault: true }) suggestions = "";
  /** How freely the model chooses its words, from 0 to 2; empty leaves it to the model. */
  @property({ reflect: true, useDefault: true }) temperature = "";

  readonly #narration = new Narration();
  @query("microgrid-composer") private readonly composer!: Composer | null;
  @query(".log") private readonly log!: HTMLElement | null;
  @query(".column") private readonly column!: HTMLElement | null;
  readonly #end = new FollowEnd(this, {
    scroller: () => this.log,
    content: () => this.column,
    active: () => this.#dialogue.turns.length > 0,
  });
  #read = readAttributes(this);

  readonly #dialogue = new Dialogue();

  constructor() {
    super();
    this.#dialogue.on("change", () => this.requestUpdate());
    this.#dialogue.on("token", ({ message, ...detail }) => {
      this.#narration.hear(message, detail.text);
      send(this, "microgrid-token", detail);
    });
    this.#dialogue.on("finished", (message) => {
      this.#narration.end(message);
      this.requestUpdate();
    });
    this.#dialogue.on("failed", (error) => this.tellError(error, "answer"));
    this.#dialogue.on("done", (detail) => {
      send(this, "microgrid-done", detail);
    });
  }

  /**
   * Asks a question as if it had been typed, and stops an answer that still runs. It waits until the model is loaded.
   * Resolves to the answer, also to a part of one that was stopped; rejects with a `MicrogridError`.
   */
  async ask(text: string): Promise<string> {
    this.#end.toEnd();
    return this.#dialogue.ask(text, this.#options());
  }

  /** Stops the answer that is being written; the text so far stays. */
  stop(): void {
    this.#dialogue.stop();
  }

  /** Stops, and begins a new conversation. */
  clear(): void {
    this.#dialogue.clear();
  }

  override focus(options?: FocusOptions): void {
    this.composer?.focus(options);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.controller.want(this.model);
  }

  protected override readMistakes(): readonly string[] {
    this.#read = readAttributes(this);
    return this.#read.mistakes;
  }

  protected override render(): TemplateResult {
    const { turns, busy } = this.#dialogue;
    const asking = this.controller.grid !== undefined && ["asking", "entering"].includes(this.entry.entry.kind);
    const bare = turns.length === 0;
    return html`<div class="frame" part="frame">
      <header part="header">
        <div class="title"><slot name="header">${mark(22)}</slot>${this.#where()}</div>
        ${
          !bare
            ? html`<button class="icon-button" aria-label="New chat" title="New chat" @click=${this.clear}>
                ${icon(plusIcon, 18)}
              </button>`
            : nothing
        }
      </header>
      <div
        class="log"
        part="log"
        role="log"
        aria-live="off"
        aria-label="Conversation"
        tabindex="0"
        @scroll=${this.#end.scrolled}
      >
        <div class="column ${bare ? "bare" : ""}">
          ${bare && !asking ? this.#beginning() : nothing}
          ${repeat(
            turns,
            ({ id }) => id,
            (turn, at) => this.#turn(turn, at, busy),
          )}
        </div>
      </div>
      <div class="foot ${asking ? "asking" : ""}">
        ${readinessView(this.controller.readiness, this.modelName, () => this.controller.retry())}
        ${mistakesView(this.mistakes)} ${this.questionView(this.model === "" ? "never" : "choice")}
        <microgrid-composer
          exportparts="composer, input, send"
          .placeholder=${this.placeholder}
          ready
          ?busy=${busy}
          @mg-send=${(event: CustomEvent<string>) => this.#askQuietly(event.detail)}
          @mg-stop=${() => this.stop()}
          @keydown=${quiet}
          @keyup=${quiet}
          @keypress=${quiet}
        ></microgrid-composer>
        ${footerView()}
      </div>
      ${narrationView(this.#narration)}
    </div>`;
  }

  #turn({ question, answer, running }: Turn, at: number, busy: boolean): TemplateResult {
    const { grid } = this.controller;
    const answers = this.#dialogue.turns.map((turn) => turn.answer);
    return html`<microgrid-question .message=${question} .editable=${false} exportparts="question"></microgrid-question>
      <microgrid-answer
        exportparts="answer, error, origin"
        .message=${answer}
        .running=${running}
        .model=${grid && answer?.answer ? modelName(grid.state, answer.answer.model) : ""}
        .actions=${at === answers.length - 1 && !busy ? "retry" : "none"}
        .left=${newlyLeft(answers, at)}
        @mg-regenerate=${() => this.#askQuietly(question.content)}
      ></microgrid-answer>`;
  }

  #beginning(): TemplateResult {
    const { model, greeting, suggestions } = this;
    return beginningView({
      model,
      greeting,
      suggestions,
      privacy: this.#policy().privacy ?? this.controller.grid?.policy.privacy,
      onAsk: (text) => this.#askQuietly(text),
    });
  }

  #where(): TemplateResult | typeof nothing {
    const { grid } = this.controller;
    if (!grid) return nothing;
    return whereView(grid.state, this.model, {
      entry: this.entry.entry,
      onAsk: () => this.entry.ask(),
      onLeave: () => void this.entry.leave(),
    });
  }

  /** Only inside of its own room may an element ask other devices. */
  #policy(): Partial<Policy> {
    const inside = this.entry.entry.kind === "inside";
    const privacy = inside ? this.#read.privacy : "device";
    return privacy ? { privacy } : {};
  }

  async #options() {
    // An element that has just entered the page has not read its attributes yet.
    await this.updateComplete;
    const { grid, load } = await this.controller.opened();
    const { sampling } = this.#read;
    return { grid, load, model: this.model, policy: this.#policy(), system: this.system, sampling };
  }

  // A failure is shown under the question and told in `microgrid-error`.
  #askQuietly(text: string): void {
    this.ask(text).catch((error: unknown) => {
      // Asked again as it is, it would only be refused again.
      if (tooLong(error) && this.composer?.value === "") this.composer.value = text;
    });
  }
}

/** The page sees keys as pressed on the element itself, not in a field, and may take them for its shortcuts. */
function quiet(event: Event): void {
  event.stopPropagation();
}

declare global {
  interface HTMLElementTagNameMap {
    "microgrid-chat": MicrogridChat;
  }
}
