/** Notices who has come to a list, once each, so that it is seen when the room's panel is closed. */

export class Newcomers<Item> {
  readonly #key: (item: Item) => string;
  #known: ReadonlySet<string> = new Set();

  /** `key` tells items apart. */
  constructor(key: (item: Item) => string) {
    this.#key = key;
  }

  /** Who is there since the last call. Who has gone and comes again is new again. */
  news(items: readonly Item[] | undefined = []): readonly Item[] {
    const known = this.#known;
    this.#known = new Set(items.map(this.#key));
    return items.filter((item) => !known.has(this.#key(item)));
  }
}
