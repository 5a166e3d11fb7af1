/** Keeps what is open beside and over the chat: a panel, a dialog, and short messages above the chat. */
import { TypedEventTarget, randomId } from "../../core";

/** Panels beside the chat, and dialogs over it. “profile” is that part of the settings. */
export type Panel = "room" | "chat-settings" | undefined;
export type Dialog = "models" | "settings" | "profile" | "help" | "rules" | undefined;

/** A short message above the chat, perhaps with a button that undoes something. */
export interface Toast {
  readonly id: string;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** How long a toast stays, ms; long enough to reach its button by keyboard. */
const TOAST_MS = 9000;
/** Most toasts at once; a newer one replaces the oldest. */
const MAX_TOASTS = 3;

export class Panels extends TypedEventTarget<{ change: undefined }> {
  #panel: Panel;
  #dialog: Dialog;
  #toasts: readonly Toast[] = [];

  get panel(): Panel {
    return this.#panel;
  }

  get dialog(): Dialog {
    return this.#dialog;
  }

  get toasts(): readonly Toast[] {
    return this.#toasts;
  }

  /** Opens the given panel or dialog; undefined closes it. Keys that are absent change nothing. */
  show(change: { panel?: Panel; dialog?: Dialog }): void {
    if ("panel" in change) this.#panel = change.panel;
    if ("dialog" in change) this.#dialog = change.dialog;
    this.emit("change", undefined);
  }

  toast(text: string, action?: Toast["action"]): void {
    const id = randomId(4);
    this.#toasts = [...this.#toasts.slice(1 - MAX_TOASTS), action ? { id, text, action } : { id, text }];
    setTimeout(() => this.dismissToast(id), TOAST_MS);
    this.emit("change", undefined);
  }

  dismissToast(id: string): void {
    this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
    this.emit("change", undefined);
  }
}
