/** Keeps keyboard users where they are when the element with the focus goes away, such as a button that was answered. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** The element that a key was pressed in last, or that lost the focus, and the panel that it is in. */
interface Focused {
  readonly target: Element;
  readonly panel: HTMLElement | undefined;
}

/**
 * Moves the focus to the panel that a lost element was in, or else calls `elsewhere`. Without it the focus falls back to the
 * page's body, from where the next Tab leads to the start of the page.
 */
export class FocusKeeper implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #elsewhere: () => void;
  #last: Focused | undefined;

  constructor(host: ReactiveControllerHost & HTMLElement, elsewhere: () => void) {
    this.#host = host;
    this.#elsewhere = elsewhere;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.addEventListener("keydown", this.#note);
    this.#host.addEventListener("focusout", this.#lost);
  }

  hostDisconnected(): void {
    this.#host.removeEventListener("keydown", this.#note);
    this.#host.removeEventListener("focusout", this.#lost);
  }

  hostUpdated(): void {
    this.#lookSoon();
  }

  // Not every browser says that an element lost the focus when it is removed, and no event tells of moves inside a component.
  readonly #note = (event: Event): void => {
    const path = event.composedPath().filter((node) => node instanceof HTMLElement);
    const [target] = path;
    if (target) this.#last = { target, panel: path.find((element) => element.matches("aside[tabindex]")) };
  };

  readonly #lost = (event: Event): void => {
    this.#note(event);
    this.#lookSoon();
  };

  /** By the next frame, the components inside have rendered, and browsers have taken the focus from what is gone. */
  readonly #lookSoon = (): void => void requestAnimationFrame(this.#look);

  readonly #look = (): void => {
    const { activeElement, body } = document;
    if ((activeElement !== null && activeElement !== body) || !this.#last || isUsable(this.#last.target)) return;
    const { panel } = this.#last;
    this.#last = undefined;
    if (panel?.isConnected) panel.focus();
    else this.#elsewhere();
  };
}

function isUsable(element: Element): boolean {
  return element.isConnected && element.checkVisibility() && !element.matches(":disabled");
}
