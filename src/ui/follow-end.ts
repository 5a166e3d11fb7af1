/** Keeps a scrolled list at its end while its content grows, until the person scrolls up. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Largest distance from the end, px, at which the view still follows the content. */
const FOLLOW_PX = 80;

interface FollowOptions {
  /** The element that scrolls, once it is rendered. */
  scroller(): HTMLElement | null;
  /** The element whose growth is followed; it is inside the scroller. */
  content(): HTMLElement | null;
  /** False while the beginning of the content should be in view. */
  active(): boolean;
}

/** Asks its host to render when `away` changes. Call `scrolled` when the scroller has scrolled. */
export class FollowEnd implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #options: FollowOptions;
  #resizes: ResizeObserver | undefined;
  #away = false;
  #lastTop = 0;

  constructor(host: ReactiveControllerHost, options: FollowOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  /** True after the person has scrolled up. */
  get away(): boolean {
    return this.#away;
  }

  hostUpdated(): void {
    const [scroller, content] = [this.#options.scroller(), this.#options.content()];
    if (this.#resizes || !scroller || !content) return;
    // Children of the content lay out after the host has rendered, so only their size tells when.
    this.#resizes = new ResizeObserver(() => this.#keep());
    for (const element of [scroller, content]) this.#resizes.observe(element);
  }

  hostDisconnected(): void {
    this.#resizes?.disconnect();
    this.#resizes = undefined;
  }

  /** Goes to the end, and follows the content again. */
  toEnd(behavior: ScrollBehavior = "auto"): void {
    this.#setAway(false);
    const scroller = this.#options.scroller();
    if (this.#options.active()) scroller?.scrollTo({ top: scroller.scrollHeight, behavior });
  }

  readonly scrolled = (): void => {
    const scroller = this.#options.scroller();
    if (!scroller) return;
    const { scrollHeight, scrollTop, clientHeight } = scroller;
    // Content that has grown since is no reason to stay behind; only a person scrolls up.
    const up = scrollTop < this.#lastTop;
    this.#lastTop = scrollTop;
    if (scrollHeight - scrollTop - clientHeight < FOLLOW_PX) this.#setAway(false);
    else if (up) this.#setAway(true);
  };

  #keep(): void {
    if (!this.#away) this.toEnd();
  }

  #setAway(away: boolean): void {
    if (away === this.#away) return;
    this.#away = away;
    this.#host.requestUpdate();
  }
}
