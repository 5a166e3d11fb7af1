/** Keeps what is typed and not sent: it is stored for its chat, comes back with it, and is never replaced by older text. */
import type { Chats } from "./chats";

/** Time without typing after which a draft is saved, ms. */
const DRAFT_MS = 300;

/** One for each field in which messages are typed. */
export class DraftKeeper {
  readonly #chats: Chats;
  readonly #field: { value: string };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #save: (() => Promise<void>) | undefined;
  /** The chat whose text is in the field; null before the first one. */
  #id: string | undefined | null = null;
  /** False while that chat is not found, which it may never be. */
  #found = false;

  constructor(chats: Chats, field: { value: string }) {
    this.#chats = chats;
    this.#field = field;
  }

  /** Looks whether another chat is shown. Returns who has opened it, or undefined if it is the same. */
  look(): "person" | "page" | undefined {
    const { currentId, current } = this.#chats;
    const by = currentId === this.#id ? undefined : this.#open();
    this.#found ||= currentId === undefined || current?.id === currentId;
    return by;
  }

  /** The text in the field has changed. */
  typed(text: string): void {
    clearTimeout(this.#timer);
    this.#save = this.#chats.draftSaver(text);
    if (text === "") void this.flush();
    else this.#timer = setTimeout(() => void this.flush(), DRAFT_MS);
  }

  /** Puts a text that was not taken back into the field, before what was typed there meanwhile. */
  putBack(text: string): void {
    const typed = this.#field.value;
    this.#field.value = typed === "" || typed.trim() === text.trim() ? text : `${text}\n\n${typed}`;
  }

  /** Saves the draft now. It must not be lost if another chat is opened, or the page goes, before the timer has saved it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const save = this.#save;
    this.#save = undefined;
    await save?.();
  }

  #open(): "person" | "page" {
    void this.flush();
    // A text that was typed while the page was starting, while a sent message made its chat, or for a chat that is gone,
    // belongs to this one.
    const by = this.#found && !(this.#id === undefined && this.#chats.begun) ? "person" : "page";
    if (by === "person") this.#field.value = "";
    this.#id = this.#chats.currentId;
    this.#found = false;
    const typed = this.#field.value;
    if (typed === "") void this.#show();
    else void this.#chats.draftSaver(typed)();
    return by;
  }

  async #show(): Promise<void> {
    const id = this.#id;
    const draft = await this.#chats.draft();
    // A person who has begun to type meanwhile keeps that text.
    if (id === this.#id && this.#field.value === "") this.#field.value = draft;
  }
}
