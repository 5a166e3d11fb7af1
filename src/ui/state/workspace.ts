/** The state that the components of a page share: the grid, the conversations, the panels, and messages to the person. */
import { quoted, TypedEventTarget } from "../../core";
import type { GridApi, Notice, StoredMessage } from "../../grid";
import { Answers } from "./answers";
import { Chats } from "./chats";
import { DraftKeeper } from "./draft-keeper";
import { ModelLoads } from "./loads";
import { Leaving } from "./leaving";
import { GUIDE, answeringModel, modelName } from "./models";
import { type Dialog, type Panel, Panels, type Toast } from "./panels";
import { applyTheme, readLastModel, saveLastModel } from "./preferences";
import { readyModel } from "./ready-model";
import { RoomNews } from "./room-news";
import { RULES_NOTICE, RulesWatch } from "./rules-watch";
import { ShareModel } from "./share-model";
import { Sharer } from "./sharer";
import { StartModel } from "./start-model";
import type { WorkInPage } from "./site-version";
import { type Outcome, Together } from "./together";
import { workOf } from "./work";

export type { Panel } from "./panels";

const MEMORY_NOTICE: Notice = {
  id: "conversations-in-memory",
  level: "warning",
  text: "This browser does not let pages store data, as in some private windows: your conversations are lost when the page closes. Export what you want to keep.",
};

const UNSAVED =
  "This answer could not be saved, probably because the browser has no space left. It is lost when this page closes: copy what you need, then remove a model or old conversations.";

/** One per page. Emits `change` whenever a component may have something new to show. */
export class Workspace extends TypedEventTarget<{ change: undefined; "focus-composer": undefined }> {
  readonly grid: GridApi;
  readonly chats: Chats;
  readonly loads: ModelLoads;
  readonly start: StartModel;
  readonly together: Together;
  readonly leaving: Leaving;
  readonly sharer: Sharer;
  readonly shareModel: ShareModel;
  /** The work that a reload would end, in all tabs. */
  readonly work: WorkInPage;
  readonly #panels = new Panels();
  readonly #saves = new Set<() => Promise<unknown>>();
  readonly #cleanup: (() => void)[] = [];
  readonly #news = new RoomNews((text) => this.#tellNews(text));
  readonly #rules = new RulesWatch();
  #lastModel = readLastModel();
  #memoryNoticeSeen = false;
  #restores = 0;

  constructor(grid: GridApi) {
    super();
    this.grid = grid;
    this.loads = new ModelLoads(grid);
    this.start = new StartModel(grid, this.loads, () => this.chats.answers);
    this.together = new Together(grid);
    this.leaving = new Leaving(grid);
    this.sharer = new Sharer(grid);
    this.shareModel = new ShareModel(grid, this.loads);
    this.work = workOf(grid);
    const answers = new Answers(grid.conversations, readyModel(grid, this.start));
    this.chats = new Chats({
      store: grid.conversations,
      answers,
      lastModel: () => this.#lastModel,
      toast: (text, action) => this.toast(text, action),
    });
    answers.on("unsaved", () => this.toast(UNSAVED));
    const changed = (): void => this.#changed();
    this.#saves.add(() => answers.flush());
    const save = (): void => void this.save();
    addEventListener("pagehide", save);
    this.#cleanup.push(
      () => removeEventListener("pagehide", save),
      () => this.start.close(),
      () => this.sharer.close(),
      () => this.shareModel.close(),
      this.shareModel.on("change", changed),
      () => this.chats.close(),
      () => this.#news.close(),
      this.chats.on("change", changed),
      answers.on("progress", ({ event: { type } }) => {
        if (type === "lost" || type === "route") this.start.look();
      }),
      this.start.on("change", changed),
      this.together.on("change", changed),
      this.leaving.on("change", changed),
      this.#panels.on("change", () => {
        this.#watchRules();
        this.#changed();
      }),
      this.together.on("ready", (outcome) => void this.#runsTogether(outcome)),
      this.together.on("failed", (outcome) => this.#failsTogether(outcome)),
      grid.on("change", () => {
        this.#news.look(grid.state);
        this.#watchRules();
        this.#changed();
      }),
    );
  }

  get panel(): Panel {
    return this.#panels.panel;
  }

  get dialog(): Dialog {
    return this.#panels.dialog;
  }

  get toasts(): readonly Toast[] {
    return this.#panels.toasts;
  }

  /** The grid's notices, with those of the page: rules that have changed, conversations that cannot be stored. */
  get notices(): readonly Notice[] {
    // The room's panel itself says that nobody else is here, and why.
    const shown = this.grid.state.notices.filter(({ id }) => id !== "room-empty" || this.panel !== "room");
    const notices = [...this.#rules.notice((id) => modelName(this.grid.state, id)), ...shown];
    return this.grid.conversations.persistent || this.#memoryNoticeSeen ? notices : [MEMORY_NOTICE, ...notices];
  }

  dismissNotice(id: string): void {
    if (id === MEMORY_NOTICE.id) this.#memoryNoticeSeen = true;
    else if (id === RULES_NOTICE) this.#rules.read();
    else this.grid.dismissNotice(id);
    this.#changed();
  }

  /** The model that the current conversation asks for: its own, else the one used last. */
  get wantedModel(): string | undefined {
    return this.chats.settings.model ?? this.#lastModel;
  }

  /** How often a backup was restored; a component that reads stored data only once reads it again when this changes. */
  get restores(): number {
    return this.#restores;
  }

  show(change: { panel?: Panel; dialog?: Dialog }): void {
    this.#panels.show(change);
  }

  /** Closes the panel and puts the cursor where messages are typed. */
  closePanel(): void {
    this.show({ panel: undefined });
    this.focusComposer();
  }

  toast(text: string, action?: Toast["action"]): void {
    this.#panels.toast(text, action);
  }

  dismissToast(id: string): void {
    this.#panels.dismissToast(id);
  }

  /** Loads the built-in model on this device. A failure is shown above the field for messages. */
  async loadHere(): Promise<void> {
    await this.loads.load(GUIDE).catch(() => undefined);
  }

  /** Loads the built-in model for an answer that nobody else can give: continues it, or makes it if it never began. */
  async answerHere(message: StoredMessage): Promise<void> {
    void this.loadHere();
    await (message.content === "" ? this.chats.regenerate() : this.chats.continueAnswer(message));
  }

  /** Opens the dialog of models, which shows the plan that `plan` makes with `together`. */
  planTogether(plan: () => Promise<void>): void {
    this.show({ dialog: "models" });
    void plan();
  }

  /** Makes a model the one that this conversation and new ones use. */
  async chooseModel(id: string): Promise<void> {
    this.#lastModel = id;
    saveLastModel(id);
    const { model, ...settings } = this.chats.settings;
    if (model !== undefined && model !== id) await this.chats.changeSettings(settings);
    this.#changed();
  }

  /**
   * Loads a model while another goes on answering; then the open conversation moves over to it. Throws the error of a load
   * that failed. A load that was cancelled changes nothing.
   */
  async bring(id: string): Promise<void> {
    const until = this.#answering();
    if (await this.loads.load(id)) await this.moveTo(id, until);
  }

  /** Makes a model the chosen one, and says so with a way back to the one that has answered `until` now. */
  async moveTo(id: string, until = this.#answering()): Promise<void> {
    if (this.wantedModel === id) return;
    const { currentId, settings } = this.chats;
    const before = this.#lastModel ?? until;
    await this.chooseModel(id);
    const back = async (model: string): Promise<void> => {
      await this.chooseModel(model);
      if (this.chats.currentId === currentId) await this.chats.changeSettings(settings);
    };
    this.toast(
      `This chat now uses ${quoted(modelName(this.grid.state, id))}.`,
      before === undefined ? undefined : { label: "Undo", run: () => void back(before) },
    );
  }

  /** Restores the accepted changes of a backup, and shows them at once. Throws what `restoreBackup` of the grid throws. */
  async restore(file: Blob, passphrase: string, accept: readonly string[]): Promise<void> {
    await this.grid.identity.restoreBackup(file, passphrase, { accept });
    applyTheme();
    this.#lastModel = readLastModel();
    this.#restores++;
    this.#changed();
  }

  /** Keeps what is typed in a field for messages, also when the page goes. */
  keepDrafts(field: { value: string }): DraftKeeper {
    const drafts = new DraftKeeper(this.chats, field);
    this.#saves.add(() => drafts.flush());
    return drafts;
  }

  /** Saves all that is not stored yet: answers that are written, drafts. Call it before a reload. Never rejects. */
  async save(): Promise<void> {
    await Promise.allSettled([...this.#saves].map((each) => each()));
  }

  /** Puts the cursor where the next message is typed. */
  focusComposer(): void {
    this.emit("focus-composer", undefined);
  }

  close(): void {
    for (const stop of this.#cleanup) stop();
  }

  /** A model that was formed together becomes the chosen one; a person who has left the dialog gets a toast. */
  async #runsTogether({ plan: { model, name }, seen }: Outcome): Promise<void> {
    await this.chooseModel(model);
    if (!seen) this.toast(`${quoted(name)} now runs together with the room.`);
  }

  #failsTogether({ plan: { model, name }, seen, text }: Outcome & { readonly text: string }): void {
    if (seen) return;
    this.toast(`${quoted(name)} could not be formed: ${text}`, {
      label: "Plan again",
      run: () => this.planTogether(() => this.together.again({ model })),
    });
  }

  /** Tells of people who ask for something in the room, unless the room's panel shows them. */
  #tellNews(text: string): void {
    notify(text);
    if (this.panel !== "room") this.toast(text, { label: "Show", run: () => this.show({ panel: "room" }) });
  }

  #watchRules(): void {
    const { room } = this.grid.state;
    if (!room && this.dialog === "rules") this.#panels.show({ dialog: undefined });
    this.#rules.look(room);
    if (this.dialog === "rules") this.#rules.read();
  }

  /** Id of the model that answers in the open conversation now. */
  #answering(): string | undefined {
    return answeringModel(this.grid.state, this.wantedModel)?.model;
  }

  #changed(): void {
    this.emit("change", undefined);
  }
}

/** Tells a person who is in another tab, if the browser was allowed to do that before; nobody is asked for it here. */
function notify(text: string): void {
  if (!document.hidden || !("Notification" in globalThis) || Notification.permission !== "granted") return;
  try {
    new Notification("Microgrid", { body: text });
  } catch {
    // Some phones show notifications of service workers only.
  }
}
