/** Files that are dropped on an element. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Gives files that are dropped on its host to `take`. While files are over the host, it has the attribute `dropping`. */
export class FileDrop implements ReactiveController {
  readonly #host: HTMLElement;
  readonly #take: (files: readonly File[]) => void;

  constructor(host: ReactiveControllerHost & HTMLElement, take: (files: readonly File[]) => void) {
    this.#host = host;
    this.#take = take;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.addEventListener("dragover", this.#over);
    this.#host.addEventListener("dragleave", this.#leave);
    this.#host.addEventListener("drop", this.#drop);
  }

  hostDisconnected(): void {
    this.#host.removeEventListener("dragover", this.#over);
    this.#host.removeEventListener("dragleave", this.#leave);
    this.#host.removeEventListener("drop", this.#drop);
  }

  readonly #over = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    // Without this, the browser would open the file in place of the page.
    event.preventDefault();
    this.#host.toggleAttribute("dropping", true);
  };

  readonly #leave = (event: DragEvent): void => {
    const inside = event.relatedTarget instanceof Node && this.#host.contains(event.relatedTarget);
    if (!inside) this.#host.toggleAttribute("dropping", false);
  };

  readonly #drop = (event: DragEvent): void => {
    this.#host.toggleAttribute("dropping", false);
    const files = event.dataTransfer?.files;
    if (!files || files.length === 0) return;
    event.preventDefault();
    this.#take(Array.from(files));
  };
}
