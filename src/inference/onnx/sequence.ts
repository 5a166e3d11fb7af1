/** A sequence of tokens in a model's memory, and the decoder that continues it. */

/** The tokens of one sequence that a model has read: what it remembers of them, wherever that is stored. */
export interface Sequence {
  /** Tokens held. */
  readonly length: number;
  /** False if the model also remembers what cannot be taken back, such as the state of a convolution. */
  readonly canGoBack: boolean;
  /** Memory taken on this device, in bytes. */
  readonly bytes: number;
  /** Makes room for `tokens` in all. Costs nothing if there is room already; throws `out-of-memory`. */
  reserve(tokens: number): Promise<void>;
  /** Forgets all tokens from `length` on, or all tokens if it cannot go back: `length` tells how many are left. */
  truncate(length: number): void;
  dispose(): void;
}

/** Reads tokens and predicts the next: a whole model, or the two ends of a model whose middle is on other devices. */
export interface Decoder<S extends Sequence> {
  /** Appends tokens to the sequence. May return before they are computed; later calls report errors of that work. */
  feed(sequence: S, ids: readonly number[], signal: AbortSignal): Promise<void>;
  /**
   * Reads tokens and returns the logits after each of the last `rows` of them: one number for each id. With `candidates`, those of
   * all but this number of likeliest tokens may be −∞.
   */
  predict(
    sequence: S,
    ids: readonly number[],
    rows: number,
    signal: AbortSignal,
    candidates?: number,
  ): Promise<readonly Float32Array[]>;
}
