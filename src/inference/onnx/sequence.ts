/** One sequence of tokens as a model holds it, and what can read on in it. */

/** What a model has read of one sequence: keys and values, wherever they are. */
export interface Sequence {
  /** Tokens held. */
  readonly length: number;
  /** Memory taken on this device, in bytes. */
  readonly bytes: number;
  /** Makes room for `tokens` in all. Costs nothing where there is room; throws `out-of-memory`. */
  reserve(tokens: number): Promise<void>;
  /** Forgets all tokens from `length` on. */
  truncate(length: number): void;
  dispose(): void;
}

/** What reads tokens and predicts the next: a whole model here, or the ends of one whose middle is elsewhere. */
export interface Decoder<S extends Sequence> {
  /** Reads tokens behind those of the sequence. May return before they are computed; what fails then, fails later. */
  feed(sequence: S, ids: readonly number[], signal: AbortSignal): Promise<void>;
  /** Reads tokens and gives the logits after each of the last `rows` of them, one number for each id. */
  predict(sequence: S, ids: readonly number[], rows: number, signal: AbortSignal): Promise<readonly Float32Array[]>;
}
