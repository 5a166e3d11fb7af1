/** Caches of finished answers, kept so that the next turn of a conversation need not read it all again. */
import { commonPrefix } from "../../prefix";
import type { Sequence } from "../sequence";

interface Entry<S> {
  readonly cache: S;
  /** The token that each position of the cache holds. */
  readonly ids: readonly number[];
  readonly asker: Asker;
}

/** The asker of a request (`GenerateOptions.asker`); undefined for this device's own user. */
export type Asker = string | undefined;

/**
 * Idle caches, the least recently used dropped first. An asker gets only caches of its own: how long an answer takes to begin
 * would tell what others have asked. The user's own are never given up for others.
 */
export class CachePool<S extends Sequence> {
  readonly #create: () => S;
  readonly #maxBytes: number;
  readonly #maxAloneBytes: number;
  readonly #maxCount: number;
  /** Oldest first. */
  #entries: Entry<S>[] = [];
  /** Caches of running answers. */
  readonly #taken = new Set<S>();

  /**
   * `maxBytes`: memory of all caches, those of running answers included. `maxAloneBytes`: that of an idle cache if it is the
   * only cache of all, since nothing else needs the memory then; `maxBytes` by default. `maxCount`: idle caches.
   */
  constructor(options: { create: () => S; maxBytes: number; maxAloneBytes?: number; maxCount: number }) {
    this.#create = options.create;
    this.#maxBytes = options.maxBytes;
    this.#maxAloneBytes = options.maxAloneBytes ?? options.maxBytes;
    this.#maxCount = options.maxCount;
  }

  /** Caches that wait here. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * A cache that holds a prefix of `ids`, at least one short of all, since the last token must be fed to give logits.
   * A cache that would lose more than it keeps is left for the conversation that it belongs to, and so is one that cannot
   * go back and would have to.
   */
  take(ids: readonly number[], asker: Asker): S {
    let best: Entry<S> | undefined;
    let bestLength = 0;
    for (const entry of this.#entries) {
      if (entry.asker !== asker) continue;
      const length = Math.min(commonPrefix(entry.ids, ids), ids.length - 1);
      const least = entry.cache.canGoBack ? entry.ids.length / 2 : entry.ids.length;
      if (length > bestLength && length >= least) [best, bestLength] = [entry, length];
    }
    const cache = best?.cache ?? this.#create();
    this.#entries = this.#entries.filter((entry) => entry !== best);
    this.#taken.add(cache);
    if (best) cache.truncate(bestLength);
    return cache;
  }

  /** Takes back a cache whose positions hold `ids` (the cache may be behind them). */
  put(cache: S, ids: readonly number[], asker: Asker): void {
    this.#taken.delete(cache);
    this.#entries.push({ cache, ids: ids.slice(0, cache.length), asker });
    while (this.#entries.length > this.#maxCount) this.#drop(this.#oldest(this.#entries));
    this.trim(asker);
  }

  /** Frees a cache that was taken and whose content is not known. */
  discard(cache: S): void {
    this.#taken.delete(cache);
    cache.dispose();
  }

  /** Frees idle caches until all caches fit in the memory for them, or none is left that may be given up for this asker. */
  trim(asker: Asker): void {
    const sum = (caches: Iterable<S>): number => [...caches].reduce((bytes, cache) => bytes + cache.bytes, 0);
    let bytes = sum(this.#taken) + sum(this.#entries.map(({ cache }) => cache));
    for (;;) {
      const isAlone = this.#taken.size === 0 && this.#entries.length === 1;
      if (bytes <= (isAlone ? this.#maxAloneBytes : this.#maxBytes)) return;
      const free = this.#entries.filter((entry) => asker === undefined || entry.asker !== undefined);
      if (free.length === 0) return;
      const oldest = this.#oldest(free);
      bytes -= oldest.cache.bytes;
      this.#drop(oldest);
    }
  }

  /** Frees all that wait here, or all that may be given up for this asker. Returns whether there were any. */
  clear(asker?: Asker): boolean {
    const freed = this.#entries.filter((entry) => asker === undefined || entry.asker !== undefined);
    this.#entries = this.#entries.filter((entry) => !freed.includes(entry));
    for (const { cache } of freed) cache.dispose();
    return freed.length > 0;
  }

  /** The first to give up: the oldest of the branch that has most of them, and the user's own only if there are no others. */
  #oldest(entries: readonly Entry<S>[]): Entry<S> {
    const numbers = new Map<string, number>();
    for (const { asker } of entries) if (asker) numbers.set(branchOf(asker), (numbers.get(branchOf(asker)) ?? 0) + 1);
    const most = Math.max(...numbers.values());
    return entries.find(({ asker }) => asker && numbers.get(branchOf(asker)) === most) ?? entries[0]!;
  }

  #drop(entry: Entry<S>): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    entry.cache.dispose();
  }
}

/** The asker's branch of the room: it shares what is scarce with the others of that branch. */
function branchOf(asker: string): string {
  return asker.split(" ", 1)[0]!;
}
