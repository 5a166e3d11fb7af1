/** Finds the new items of a list, each of them once, so that they can be told while the room's panel is closed. */

export class Newcomers<Item> {
  readonly #key: (item: Item) => string;
  #known: ReadonlySet<string> = new Set();

  /** `key` tells items apart. */
  constructor(key: (item: Item) => string) {
    this.#key = key;
  }

  /** The items that were added since the last call. An item that was removed and comes back counts as new. */
  news(items: readonly Item[] | undefined = []): readonly Item[] {
    const known = this.#known;
    this.#known = new Set(items.map(this.#key));
    return items.filter((item) => !known.has(this.#key(item)));
  }
}
