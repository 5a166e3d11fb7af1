/** What the components of one page share: the grid, the conversations, what is shown, what was just done. */
import { TypedEventTarget, randomId } from "../../core";
import type {
  Conversation,
  ConversationSettings,
  ConversationSummary,
  GridApi,
  Notice,
  StoredMessage,
} from "../../grid";
import { plain } from "../plain";
import { conversationRoute, go } from "../routes";
import { Answers } from "./answers";
import { ModelLoads } from "./loads";
import { Leaving } from "./leaving";
import { GUIDE, modelName } from "./models";
import { applyTheme, readLastModel, saveLastModel } from "./preferences";
import { RoomNews } from "./room-news";
import { RULES_NOTICE, RulesWatch } from "./rules-watch";
import { StartModel } from "./start-model";
import { type Outcome, Together } from "./together";

/** Panels beside the chat, and dialogs over it. */
export type Panel = "room" | "chat-settings" | undefined;
export type Dialog = "models" | "settings" | "rules" | undefined;

/** A short message at the bottom of the page, perhaps with a way back. */
export interface Toast {
  readonly id: string;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** How long a toast stays, ms; long enough to reach its button by keyboard. */
const TOAST_MS = 9000;
const MEMORY_NOTICE: Notice = {
  id: "conversations-in-memory",
  level: "warning",
  text: "This browser lets no page store anything here, as some private windows do: your conversations are lost when the page closes. Export what you want to keep.",
};
/** The key of the draft of a chat that does not exist yet. */
const NEW_DRAFT = "new";

export class Workspace extends TypedEventTarget<{ change: undefined; "focus-composer": undefined }> {
  readonly grid: GridApi;
  readonly answers: Answers;
  readonly loads: ModelLoads;
  readonly start: StartModel;
  readonly together: Together;
  readonly leaving: Leaving;
  readonly #cleanup: (() => void)[] = [];
  readonly #news = new RoomNews();
  readonly #rules = new RulesWatch();
  #conversations: readonly ConversationSummary[] = [];
  #current: Conversation | undefined;
  #currentId: string | undefined;
  #panel: Panel;
  #dialog: Dialog;
  #toasts: readonly Toast[] = [];
  /** Settings of a chat that does not exist yet. */
  #newSettings: ConversationSettings = { sampling: {}, stop: [] };
  #lastModel = readLastModel();
  #memoryNoticeSeen = false;
  #restores = 0;

  constructor(grid: GridApi) {
    super();
    this.grid = grid;
    this.loads = new ModelLoads(grid);
    this.start = new StartModel(grid, this.loads, () => this.answers.asked);
    this.answers = new Answers(grid, this.start);
    this.together = new Together(grid);
    this.leaving = new Leaving(grid);
    this.#cleanup.push(
      () => this.start.close(),
      this.start.on("change", () => this.#changed()),
      this.together.on("change", () => this.#changed()),
      this.together.on("ready", (outcome) => void this.#runsTogether(outcome)),
      this.together.on("failed", (outcome) => this.#failsTogether(outcome)),
      this.leaving.on("change", () => this.#changed()),
      grid.conversations.on("change", ({ id, scope, remote }) => {
        if (scope === "list") void this.#loadList();
        // What this tab is writing is shown from memory; reading it back twice a second would only cost.
        if (id === this.#currentId && (remote || !this.answers.isWriting(id))) void this.#loadCurrent();
      }),
      this.answers.on("finished", ({ conversation, message }) => this.#adopt(conversation, message)),
      this.answers.on("change", () => this.#changed()),
      grid.on("change", () => {
        this.#tellNews();
        this.#watchRules();
        this.#changed();
      }),
    );
    const flush = (): void => this.answers.flush();
    addEventListener("pagehide", flush);
    this.#cleanup.push(() => removeEventListener("pagehide", flush));
    void this.#loadList();
  }

  get conversations(): readonly ConversationSummary[] {
    return this.#conversations;
  }

  /** The conversation that is shown; undefined for a new chat. */
  get current(): Conversation | undefined {
    return this.#current;
  }

  get currentId(): string | undefined {
    return this.#currentId;
  }

  get panel(): Panel {
    return this.#panel;
  }

  get dialog(): Dialog {
    return this.#dialog;
  }

  get toasts(): readonly Toast[] {
    return this.#toasts;
  }

  /** What the grid wants to be known, that rules have changed, and where conversations cannot be kept, that. */
  get notices(): readonly Notice[] {
    // The room's panel says itself that nobody is here, and why.
    const shown = this.grid.state.notices.filter(({ id }) => id !== "room-empty" || this.#panel !== "room");
    const notices = [...this.#rules.notice((id) => modelName(this.grid.state, id)), ...shown];
    return this.grid.conversations.persistent || this.#memoryNoticeSeen ? notices : [MEMORY_NOTICE, ...notices];
  }

  dismissNotice(id: string): void {
    if (id === MEMORY_NOTICE.id) this.#memoryNoticeSeen = true;
    else if (id === RULES_NOTICE) this.#rules.read();
    else this.grid.dismissNotice(id);
    this.#changed();
  }

  get settings(): ConversationSettings {
    return this.#current?.settings ?? this.#newSettings;
  }

  /** The model that the current conversation asks for: its own, else the one used last. */
  get wantedModel(): string | undefined {
    return this.settings.model ?? this.#lastModel;
  }

  /** How often a file has brought things here, for what is read only once otherwise. */
  get restores(): number {
    return this.#restores;
  }

  /** The messages that are shown: the stored ones, with the running answer as it stands. */
  get messages(): readonly StoredMessage[] {
    const current = this.#current;
    if (!current) return [];
    const running = this.answers.running(current.id)?.message;
    if (!running) return current.messages;
    return current.messages.some((message) => message.id === running.id)
      ? current.messages.map((message) => (message.id === running.id ? running : message))
      : [...current.messages, running];
  }

  /** Shows a conversation, or a new chat. */
  async select(id: string | undefined): Promise<void> {
    if (id === this.#currentId && (id === undefined || this.#current)) return;
    this.#currentId = id;
    if (id === undefined) this.#current = undefined;
    await this.#loadCurrent();
    if (id !== undefined && id === this.#currentId && !this.#current) {
      this.toast("That conversation is not on this device (any more). Here is a new one.");
      go("#/");
    }
  }

  show(change: { panel?: Panel; dialog?: Dialog }): void {
    if ("panel" in change) this.#panel = change.panel;
    if ("dialog" in change) this.#dialog = change.dialog;
    this.#watchRules();
    this.#changed();
  }

  /** Closes the panel and goes on where messages are typed. */
  closePanel(): void {
    this.show({ panel: undefined });
    this.focusComposer();
  }

  toast(text: string, action?: Toast["action"]): void {
    const id = randomId(4);
    this.#toasts = [...this.#toasts.slice(-2), action ? { id, text, action } : { id, text }];
    setTimeout(() => this.dismissToast(id), TOAST_MS);
    this.#changed();
  }

  dismissToast(id: string): void {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
    this.#changed();
  }

  /** Sends a message of the user, making the conversation where there is none yet. */
  async send(text: string): Promise<void> {
    const content = text.trim();
    if (content === "") return;
    const conversation = this.#current ?? (await this.#begin());
    if (this.answers.isWriting(conversation.id)) return;
    await this.answers.settled(conversation.id);
    const message: StoredMessage = { id: randomId(), role: "user", content, createdAt: Date.now(), status: "complete" };
    const next = await this.grid.conversations.setMessages(conversation.id, (messages) => [...messages, message]);
    if (next) await this.#answer(next);
  }

  /** Answers the last user message again. */
  async regenerate(): Promise<void> {
    await this.#rewrite(
      (messages) => messages.slice(0, messages.findLastIndex((message) => message.role === "user") + 1),
      "Answer replaced",
    );
  }

  /** Replaces a user message and answers it anew; what came after it is dropped. */
  async edit(messageId: string, content: string): Promise<void> {
    await this.#rewrite((messages) => {
      const at = messages.findIndex((message) => message.id === messageId);
      const edited = messages[at];
      return edited
        ? [...messages.slice(0, at), { ...edited, id: randomId(), content: content.trim() }]
        : [...messages];
    }, "Later messages were replaced");
  }

  /** Goes on with an answer that was cut off. */
  async continueAnswer(message: StoredMessage): Promise<void> {
    if (this.#current) await this.answers.run(this.#current, this.wantedModel, message);
  }

  /** Loads the built-in model on this device. What fails is shown above the field for messages. */
  async loadHere(): Promise<void> {
    await this.loads.load(GUIDE).catch(() => undefined);
  }

  /** Goes on with an answer that nobody else can give, or makes it where it never began, with the built-in model. */
  async answerHere(message: StoredMessage): Promise<void> {
    void this.loadHere();
    await (message.content === "" ? this.regenerate() : this.continueAnswer(message));
  }

  async changeSettings(settings: ConversationSettings): Promise<void> {
    const current = this.#current;
    if (!current) {
      this.#newSettings = settings;
      this.#changed();
      return;
    }
    this.#current = { ...current, settings };
    this.#changed();
    await this.grid.conversations.update(current.id, (stored) => ({ ...stored, settings }));
  }

  /** Opens the dialog of models with what `plan` of `together` shows there. */
  planTogether(plan: () => Promise<void>): void {
    this.show({ dialog: "models" });
    void plan();
  }

  /** Makes a model the one that this conversation and new ones use. */
  async chooseModel(id: string): Promise<void> {
    this.#lastModel = id;
    saveLastModel(id);
    if (this.settings.model !== undefined && this.settings.model !== id) {
      const { model: _, ...settings } = this.settings;
      await this.changeSettings(settings);
    }
    this.#changed();
  }

  /** Brings what a file holds to this browser, and shows it at once. Throws what `restoreBackup` of the grid throws. */
  async restore(file: Blob, passphrase: string): Promise<void> {
    await this.grid.identity.restoreBackup(file, passphrase);
    applyTheme();
    this.#lastModel = readLastModel();
    this.#restores++;
    this.#changed();
  }

  async remove(summary: ConversationSummary): Promise<void> {
    this.answers.stop(summary.id);
    await this.grid.conversations.remove(summary.id);
    if (summary.id === this.#currentId) go("#/");
    this.toast(`Deleted “${summary.title}”`, {
      label: "Undo",
      run: () => void this.grid.conversations.undoRemove(summary.id).then(() => go(conversationRoute(summary.id))),
    });
  }

  draft(): Promise<string> {
    return this.grid.conversations.draft(this.#currentId ?? NEW_DRAFT);
  }

  /** A function that saves what was typed for the chat that is shown now, even when another is shown by then. */
  draftSaver(text: string): () => void {
    const id = this.#currentId ?? NEW_DRAFT;
    return () => void this.grid.conversations.saveDraft(id, text).catch(() => undefined);
  }

  /** Puts the cursor where the next message is typed. */
  focusComposer(): void {
    this.emit("focus-composer", undefined);
  }

  close(): void {
    for (const stop of this.#cleanup) stop();
  }

  async #begin(): Promise<Conversation> {
    await this.grid.conversations.saveDraft(NEW_DRAFT, "");
    const conversation = await this.grid.conversations.create(this.#newSettings);
    this.#newSettings = { sampling: {}, stop: [] };
    this.#currentId = conversation.id;
    this.#current = conversation;
    go(conversationRoute(conversation.id));
    return conversation;
  }

  async #rewrite(change: (messages: StoredMessage[]) => StoredMessage[], done: string): Promise<void> {
    const id = this.#currentId;
    if (id === undefined || this.answers.isWriting(id)) return;
    await this.answers.settled(id);
    const before = this.#current;
    if (before?.id !== id) return;
    const next = await this.grid.conversations.setMessages(before.id, change);
    if (!next) return;
    if (before.messages.length > next.messages.length || before.messages.at(-1)?.role === "assistant") {
      this.toast(done, { label: "Undo", run: () => void this.#restore(before) });
    }
    await this.#answer(next);
  }

  async #restore(before: Conversation): Promise<void> {
    this.answers.stop(before.id);
    await this.answers.settled(before.id);
    await this.grid.conversations.setMessages(before.id, () => before.messages);
  }

  async #answer(conversation: Conversation): Promise<void> {
    if (conversation.id === this.#currentId) this.#current = conversation;
    await this.answers.run(conversation, conversation.settings.model ?? this.#lastModel);
  }

  /** Shows a finished answer at once, before the store has told of it. */
  #adopt(conversation: string, message: StoredMessage): void {
    const current = this.#current;
    if (current?.id !== conversation) return;
    const messages = current.messages.filter((old) => old.id !== message.id);
    this.#current = { ...current, messages: [...messages, message] };
  }

  async #loadList(): Promise<void> {
    this.#conversations = await this.grid.conversations.list();
    this.#changed();
  }

  async #loadCurrent(): Promise<void> {
    const id = this.#currentId;
    const loaded = id === undefined ? undefined : await this.grid.conversations.get(id);
    if (id !== this.#currentId) return;
    this.#current = loaded;
    this.#changed();
  }

  /** A model that was formed together is the one to go on with; whoever has looked away is told. */
  async #runsTogether({ plan: { model, name }, seen }: Outcome): Promise<void> {
    await this.chooseModel(model);
    if (!seen) this.toast(`“${plain(name)}” runs now, together with the room.`);
  }

  #failsTogether({ plan: { model, name }, seen, text }: Outcome & { readonly text: string }): void {
    if (seen) return;
    this.toast(`“${plain(name)}” could not be formed: ${text}`, {
      label: "Plan again",
      run: () => this.planTogether(() => this.together.again({ model })),
    });
  }

  /** Who asks for something in the room is told of, unless the panel shows it. */
  #tellNews(): void {
    for (const text of this.#news.look(this.grid.state)) {
      if (this.#panel !== "room") this.toast(text, { label: "Show", run: () => this.show({ panel: "room" }) });
    }
  }

  #watchRules(): void {
    const { room } = this.grid.state;
    if (!room && this.#dialog === "rules") this.#dialog = undefined;
    this.#rules.look(room);
    if (this.#dialog === "rules") this.#rules.read();
  }

  #changed(): void {
    this.emit("change", undefined);
  }
}
