/** The state of several sequences for one run that computes the next token of each. */
import type { Tensor } from "onnxruntime-web";
import { RowTensor, type StateSlot, grows } from "./rows";
import { type SequenceCache, firstIn, moveTogether, roomFor } from "./sequence-cache";

/**
 * Sequences side by side, each a row. Shorter ones are padded: in front, with the mask saying so, or behind where only grouped-query
 * attention uses the caches, since it counts valid tokens from the start.
 */
export class CacheBatch {
  /** Tokens of each sequence before the run. */
  readonly lengths: readonly number[];
  readonly #caches: readonly SequenceCache[];
  readonly #slots: readonly StateSlot[];
  readonly #tensors: readonly RowTensor[];

  private constructor(caches: readonly SequenceCache[]) {
    const { spec } = caches[0]!.kind;
    this.#caches = caches;
    this.#slots = [...spec.slots, ...spec.fixed];
    this.lengths = caches.map(({ length }) => length);
    this.#tensors = this.#slots.map((slot) => caches[0]!.at(slot)!.of);
    // It keeps them until its run is over, wherever the sequences go meanwhile.
    for (const tensor of this.#tensors) tensor.owners.add(this);
  }

  /**
   * Brings sequences of one kind together, at least one and each with at least one token. They stay together as long as
   * the same ones are brought together, so a step moves nothing. Rejects with `out-of-memory` and leaves every sequence as it was.
   */
  static async of(caches: readonly SequenceCache[]): Promise<CacheBatch> {
    const { kind } = caches[0]!;
    const longest = Math.max(...caches.map(({ length }) => length));
    const capacity = Math.max(roomFor(kind, longest + 1), ...caches.map((cache) => cache.capacity));
    await moveTogether(caches, kind.inPlace ? capacity : longest, (slot) => {
      const of = caches[0]!.at(slot)?.of;
      if (of?.rows !== caches.length || caches.some((cache, row) => !isAt(cache, slot, of, row))) return true;
      return grows(slot) && (kind.inPlace ? of.tokens <= longest : of.tokens !== longest);
    });
    return new CacheBatch(caches);
  }

  feeds(): Record<string, Tensor> {
    return Object.fromEntries(this.#slots.map(({ past }, index) => [past, this.#tensors[index]!.tensor]));
  }

  fetches(): Record<string, Tensor | null> {
    return Object.fromEntries(
      this.#slots.map((slot, index) => [slot.present, this.#isInPlace(slot) ? this.#tensors[index]!.tensor : null]),
    );
  }

  /** Gives each sequence its state after the run. */
  advance(outputs: Readonly<Record<string, Tensor>>): void {
    const places = this.#slots.map((slot, index) => {
      if (this.#isInPlace(slot)) return { slot, of: this.#tensors[index]! };
      const tensor = outputs[slot.present];
      if (!tensor) throw new Error(`The run gave no ${slot.present}.`);
      return { slot, of: new RowTensor(tensor, slot) };
    });
    for (const [row, cache] of this.#caches.entries()) {
      const length = this.lengths[row]! + 1;
      const own = places.map(({ slot, of }) => {
        return [slot, { of, row, first: firstIn(of, slot, cache.kind, length) }] as const;
      });
      cache.adopt(new Map(own), length);
    }
  }

  /** Frees the results of a run that nobody takes. */
  discard(outputs: Readonly<Record<string, Tensor>>): void {
    for (const slot of this.#slots) if (!this.#isInPlace(slot)) outputs[slot.present]?.dispose();
  }

  /** The run is over. */
  release(): void {
    for (const tensor of this.#tensors) tensor.leave(this);
  }

  #isInPlace(slot: StateSlot): boolean {
    return this.#caches[0]!.kind.inPlace && grows(slot);
  }
}

/** Whether a sequence has this row, with its last token where the next one is expected. */
function isAt(cache: SequenceCache, slot: StateSlot, of: RowTensor, row: number): boolean {
  const place = cache.at(slot);
  if (place?.of !== of || place.row !== row) return false;
  return place.first === firstIn(of, slot, cache.kind, cache.length);
}
