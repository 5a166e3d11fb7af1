/** Keeps the keyboard focus in an element when the button that was pressed goes away. */
import type { LitElement, ReactiveController } from "lit";

/** Moves the focus to the element's frame, which can take it, if an update would lose it. */
export class KeepFocus implements ReactiveController {
  readonly #host: LitElement;
  #focused = false;

  constructor(host: LitElement) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#focused = this.#host.matches(":focus-within");
  }

  hostUpdated(): void {
    if (!this.#focused) return;
    this.#keep();
    // The elements inside update after this one.
    requestAnimationFrame(() => this.#keep());
  }

  #keep(): void {
    if (document.activeElement !== null && document.activeElement !== document.body) return;
    this.#host.renderRoot.querySelector<HTMLElement>("[tabindex='-1']")?.focus({ preventScroll: true });
  }
}
