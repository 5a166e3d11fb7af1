/** Parts of the page that are loaded when they are first needed. */
import { TypedEventTarget } from "../core";

/**
 * A module that is loaded when it is first wanted. There is none until then, and for good if it cannot be loaded: the page
 * says so (`SiteVersion.isIncomplete`), and only a reload can help.
 */
export class LazyPart<T> extends TypedEventTarget<{ loaded: undefined }> {
  readonly #load: () => Promise<T>;
  #loading: Promise<void> | undefined;
  #loaded: T | undefined;
  #settled = false;

  constructor(load: () => Promise<T>) {
    super();
    this.#load = load;
  }

  /** The module, if it is loaded already. */
  get loaded(): T | undefined {
    return this.#loaded;
  }

  /** True while the module is on its way. */
  get pending(): boolean {
    return this.#loading !== undefined && !this.#settled;
  }

  /** The module, or undefined while it is on its way; `loaded` is told then. */
  want(): T | undefined {
    this.#loading ??= this.#load()
      .then(
        (loaded) => {
          this.#loaded = loaded;
          this.emit("loaded", undefined);
        },
        () => undefined,
      )
      .finally(() => (this.#settled = true));
    return this.#loaded;
  }
}
