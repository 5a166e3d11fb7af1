/** The state of one sequence: by itself, or side by side with that of others whose next tokens one run computes. */
import type { Tensor } from "onnxruntime-web";
import { floatBytes } from "../floats";
import { type GraphSpec, numbersIn } from "../graph-spec";
import type { Ort } from "../runtime";
import { type KvCache, emptyTensor, floatTensor } from "./kv-cache";
import type { CacheMemory } from "./memory";
import { type RowPlace, RowTensor, type StateSlot, copies, dimsOf, grows, rowBytes } from "./rows";

/** Tokens by which caches in place grow: few reallocations, little waste. */
const CAPACITY_STEP_TOKENS = 256;
/**
 * Bytes of the tensors that are replaced together: only so much memory is taken twice while sequences move, and the GPU is
 * waited for only so often. One layer's tensor may be larger.
 */
const MOVED_BYTES = 64 * 2 ** 20;

/** The things that the caches of one model have in common. */
interface CacheKind {
  readonly ort: Ort;
  readonly memory: CacheMemory;
  readonly spec: GraphSpec;
  /**
   * True if past and present are one tensor with room to spare, so that a step writes one token and copies nothing. Otherwise
   * each run makes new presents, which are as long as the text and become the past of the next run.
   */
  readonly inPlace: boolean;
  /** The model's context length. */
  readonly maxTokens: number;
}

let lastSerial = 0;

/** Keys, values and state of fixed size of one sequence. */
export class SequenceCache implements KvCache {
  readonly kind: CacheKind;
  /** Tells the age of caches: the later one has the larger number. */
  readonly serial = lastSerial++;
  readonly #places = new Map<StateSlot, RowPlace>();
  #length = 0;

  constructor(kind: CacheKind) {
    this.kind = kind;
  }

  get canGoBack(): boolean {
    return this.kind.spec.fixed.length === 0;
  }

  get length(): number {
    return this.#length;
  }

  /** Its share of the tensors that it lies in. */
  get bytes(): number {
    let bytes = this.kind.spec.fixedBytes;
    for (const [slot, { of }] of this.#places) {
      if (grows(slot)) bytes += (of.rows * rowBytes(slot, of.tokens)) / of.owners.size;
    }
    return bytes;
  }

  /** Tokens that every layer has room for; 0 for caches that grow by themselves. */
  get capacity(): number {
    const { inPlace, spec } = this.kind;
    return inPlace ? Math.min(...spec.slots.map((slot) => this.#places.get(slot)?.of.tokens ?? 0)) : 0;
  }

  async reserve(tokens: number): Promise<void> {
    if (!this.kind.inPlace || tokens <= this.capacity) return; // others grow by themselves
    // After a failure, some layers have grown already; a smaller cache is tried next then.
    const capacity = roomFor(this.kind, tokens);
    await moveTogether([this], capacity, (slot) => grows(slot) && (this.#places.get(slot)?.of.tokens ?? 0) < capacity);
  }

  async separate(): Promise<void> {
    const { inPlace } = this.kind;
    const tokens = inPlace ? this.capacity : this.#length;
    await moveTogether([this], tokens, (slot) => {
      const place = this.#places.get(slot);
      return !!place && (place.of.rows > 1 || (!inPlace && grows(slot) && place.of.tokens !== tokens));
    });
  }

  feeds(): Record<string, Tensor> {
    const { ort, spec, inPlace } = this.kind;
    const feeds: Record<string, Tensor> = {};
    for (const slot of spec.slots) {
      const tensor = this.#places.get(slot)?.of.tensor;
      if (tensor) feeds[slot.past] = tensor;
      else if (!inPlace) feeds[slot.past] = emptyTensor(ort, slot);
    }
    for (const slot of spec.fixed) {
      // The state before the first token is zeros.
      const zeros = () => new ArrayBuffer(numbersIn(slot.dims) * floatBytes(slot.type));
      feeds[slot.past] = this.#places.get(slot)?.of.tensor ?? floatTensor(ort, slot.type, zeros(), slot.dims);
    }
    return feeds;
  }

  fetches(): Record<string, Tensor | null> {
    const { spec, inPlace } = this.kind;
    return Object.fromEntries(
      [...spec.slots, ...spec.fixed].map((slot) => [
        slot.present,
        inPlace && grows(slot) ? (this.#places.get(slot)?.of.tensor ?? null) : null,
      ]),
    );
  }

  advance(outputs: Readonly<Record<string, Tensor>>, count: number): void {
    const { spec, inPlace } = this.kind;
    for (const slot of inPlace ? spec.fixed : [...spec.slots, ...spec.fixed]) {
      const tensor = outputs[slot.present];
      if (!tensor) throw new Error(`The run gave no ${slot.present}.`);
      this.move(slot, { of: new RowTensor(tensor, slot), row: 0, first: 0 });
    }
    this.#length += count;
  }

  truncate(length: number): void {
    if (length >= this.#length) return;
    this.#length = this.canGoBack ? length : 0;
    if (this.#length > 0) return; // `separate` makes it short enough to be fed
    for (const slot of this.#places.keys()) if (!grows(slot) || !this.kind.inPlace) this.move(slot, undefined);
  }

  dispose(): void {
    for (const slot of this.#places.keys()) this.move(slot, undefined);
    this.#length = 0;
  }

  /** Where a slot's state lies; undefined if there is none. */
  at(slot: StateSlot): RowPlace | undefined {
    return this.#places.get(slot);
  }

  /** From now on, a slot's state lies there. */
  move(slot: StateSlot, to: RowPlace | undefined): void {
    const from = this.#places.get(slot)?.of;
    to?.of.owners.add(this);
    if (to) this.#places.set(slot, to);
    else this.#places.delete(slot);
    if (from !== to?.of) from?.leave(this);
  }

  /** From now on, its state is that at `places`, which holds `length` tokens. */
  adopt(places: ReadonlyMap<StateSlot, RowPlace>, length: number): void {
    for (const [slot, place] of places) this.move(slot, place);
    this.#length = length;
  }
}

/** The size of a cache in place for `tokens`. */
export function roomFor({ maxTokens }: CacheKind, tokens: number): number {
  const rounded = Math.ceil(tokens / CAPACITY_STEP_TOKENS) * CAPACITY_STEP_TOKENS;
  return Math.max(tokens, Math.min(rounded, maxTokens));
}

/** Where the first of `length` tokens lies in a row: shorter texts are padded in front, or behind where attention counts. */
export function firstIn({ tokens }: RowTensor, slot: StateSlot, { spec }: CacheKind, length: number): number {
  return grows(slot) && !spec.inPlacePossible ? tokens - length : 0;
}

/**
 * Moves the state of sequences of one kind to new tensors, a row for each in this order, with room for `tokens`. Rejects with
 * `out-of-memory`; some slots have moved then, and every sequence is as it was.
 */
export async function moveTogether(
  caches: readonly SequenceCache[],
  tokens: number,
  isWanted: (slot: StateSlot) => boolean,
): Promise<void> {
  const kind = caches[0]?.kind;
  if (!kind) return;
  const { memory, spec } = kind;
  const deserted = new Set<RowTensor>();
  for (const slots of groups([...spec.slots, ...spec.fixed].filter(isWanted), caches.length, tokens)) {
    const tensors = await memory.create(
      slots.map((slot) => ({ type: slot.type, dims: dimsOf(slot, caches.length, tokens) })),
    );
    const moves = slots.flatMap((slot, index) => {
      const of = new RowTensor(tensors[index]!, slot);
      return caches.map((cache, row) => {
        return { cache, slot, from: cache.at(slot), to: { of, row, first: firstIn(of, slot, kind, cache.length) } };
      });
    });
    const moved = moves.filter(({ from, cache }) => from && cache.length > 0);
    if (moved.length > 0) {
      memory.copy(moved.flatMap(({ cache, slot, from, to }) => copies(slot, from!, to, cache.length)));
    }
    for (const { cache, slot, from, to } of moves) {
      cache.move(slot, to);
      if (from && from.of.owners.size > 0) deserted.add(from.of);
    }
    // The old tensors take memory until they have been copied.
    if (moves.some(({ from }) => from)) await memory.settle();
  }
  // The others in tensors that these sequences have left would keep the memory of their rows.
  for (const owner of new Set([...deserted].flatMap(({ owners }) => [...owners]))) {
    if (owner instanceof SequenceCache) await owner.separate();
  }
}

/** The slots in groups of at most `MOVED_BYTES`, or one by one. */
function groups(slots: readonly StateSlot[], rows: number, tokens: number): readonly (readonly StateSlot[])[] {
  const all: StateSlot[][] = [];
  let bytes = Infinity;
  for (const slot of slots) {
    const size = rows * rowBytes(slot, tokens);
    if (bytes + size > MOVED_BYTES) [bytes] = [0, all.push([])];
    bytes += size;
    all.at(-1)!.push(slot);
  }
  return all;
}
