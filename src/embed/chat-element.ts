/** `<microgrid-chat>`: a chat, on any page, with a model that runs on the visitor's own device or in a room. */
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { MicrogridError } from "../core";
import type { GridApi, Policy } from "../grid";
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
} from "../ui/parts";
import { mistakesError, readAttributes } from "./attributes";
import { beginningView } from "./beginning-view";
import { Dialogue, type Turn } from "./dialogue";
import { type ErrorDetail, send } from "./events";
import { footerView } from "./footer-view";
import { GridController } from "./grid-controller";
import { roomQuestion } from "./lazy-question";
import { mistakesView, readinessView } from "./readiness-view";
import { RoomEntryController } from "./room-entry";
import { styles } from "./styles";
import { whereView } from "./where-view";

/**
 * A chat for any page. Events: see `MicrogridElementEvents`. Slots: `header`, `empty`, `footer`.
 * All elements of a page share one grid; each has its own conversation, kept in memory only.
 */
export class MicrogridChat extends LitElement {
  static override readonly styles = styles;

  /** Id of the model that is loaded when the element enters the page; empty loads none and asks the room. */
  @property({ reflect: true, useDefault: true }) model = "guide";
  /**
   * An invite link. The person is asked before the room is entered. Everybody who can read the page can enter it too. Without
   * it, and until the person is inside, no question leaves the device, even if another part of the page is in a room.
   */
  @property({ reflect: true, useDefault: true }) room = "";
  /** How far questions may travel: `device`, `room` or `anywhere`; empty leaves it to the grid's own policy. */
  @property({ reflect: true, useDefault: true }) policy = "";
  /** Text of the empty field for messages. */
  @property({ reflect: true, useDefault: true }) placeholder = "Ask anything";
  /** `light`, `dark`, or `auto` for the visitor's own preference. */
  @property({ reflect: true, useDefault: true }) theme = "auto";

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
  readonly #grid = new GridController(this, {
    onReady: (grid, model) => {
      const load = grid.state.loads[model];
      const backend = load?.kind === "ready" ? load.offer.backend : undefined;
      send(this, "microgrid-ready", { grid, model, backend });
    },
    onProgress: (progress, model) => send(this, "microgrid-progress", { ...progress, model }),
    onChange: () => {
      this.#entry.follow(this.#grid.grid, this.room);
      this.#entry.refresh();
      this.requestUpdate();
    },
    onPeers: (peers) => send(this, "microgrid-peer-change", { peers }),
    onError: (error, during) => this.#tellError(error, during),
  });
  readonly #entry = new RoomEntryController(this, (error) => this.#tellError(error, "room"));

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
    this.#dialogue.on("failed", (error) => this.#tellError(error, "answer"));
    this.#dialogue.on("done", (detail) => {
      send(this, "microgrid-done", detail);
    });
  }

  /** The grid that all elements of the page share; undefined until it is open. */
  get grid(): GridApi | undefined {
    return this.#grid.grid;
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
    if (changed.has("policy") || changed.has("theme") || changed.has("temperature")) this.#readAttributes();
    if (changed.has("model") || !this.hasUpdated) this.#grid.want(this.model);
    if (changed.has("room")) this.#entry.follow(this.#grid.grid, this.room);
  }

  protected override render(): TemplateResult {
    const { turns, busy } = this.#dialogue;
    const asking = this.#grid.grid !== undefined && ["asking", "entering"].includes(this.#entry.entry.kind);
    const bare = turns.length === 0;
    return html`<div class="frame" part="frame">
      <header part="header">
        <div class="title"><slot name="header">${mark(22)}</slot>${this.#where()}</div>
        ${
          !bare
            ? html`<button class="icon-button" aria-label="New chat" title="New chat" @click=${this.clear}>
                ${icon("plus", 18)}
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
        ${readinessView(this.#grid.readiness, this.#modelName(), () => this.#grid.retry())}
        ${mistakesView(this.#read.mistakes)} ${this.#roomView()}
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
    const { grid } = this.#grid;
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
      privacy: this.#policy().privacy ?? this.#grid.grid?.policy.privacy,
      onAsk: (text) => this.#askQuietly(text),
    });
  }

  #readAttributes(): void {
    this.#read = readAttributes(this);
    if (this.#read.mistakes.length === 0) return;
    const error = mistakesError(this.#read.mistakes);
    // oxlint-disable-next-line no-console -- The author of the page looks there first.
    console.warn(error.message, this);
    this.#tellError(error, "attributes");
  }

  #where(): TemplateResult | typeof nothing {
    const { grid } = this.#grid;
    if (!grid) return nothing;
    return whereView(grid.state, this.model, {
      entry: this.#entry.entry,
      onAsk: () => this.#entry.ask(),
      onLeave: () => void this.#entry.leave(),
    });
  }

  #roomView(): TemplateResult | typeof nothing {
    const { entry } = this.#entry;
    const question = entry.kind === "none" ? undefined : roomQuestion(this);
    if (!question) return nothing;
    return question.roomView(entry, {
      texts: question.texts,
      modelName,
      state: this.#grid.grid?.state,
      canShare: this.model !== "",
      onLook: () => void this.#entry.look(),
      onJoin: (consent) => void this.#entry.enter(consent),
      onDecline: () => this.#entry.decline(),
    });
  }

  #modelName(): string {
    const { grid } = this.#grid;
    return grid ? modelName(grid.state, this.model) : this.model;
  }

  /** Only inside of its own room may an element ask other devices. */
  #policy(): Partial<Policy> {
    const inside = this.#entry.entry.kind === "inside";
    const privacy = inside ? this.#read.privacy : "device";
    return privacy ? { privacy } : {};
  }

  async #options() {
    // An element that has just entered the page has not read its attributes yet.
    await this.updateComplete;
    const { grid, load } = await this.#grid.opened();
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

  #tellError(error: MicrogridError, during: ErrorDetail["during"]): void {
    send(this, "microgrid-error", { code: error.code, message: error.message, during, error });
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
