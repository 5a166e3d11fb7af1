/** The options of random decoders. For tests; never bundled. */

/** The shape of a decoder. Everything absent is as in the plainest export: 32 bits, grouped attention, fused norms. */
export interface DecoderShape {
  readonly seed?: number;
  /** Layers; 3 by default. */
  readonly layers?: number;
  /** Type of the activations and of what is not quantized. */
  readonly dtype?: "float32" | "float16";
  /** Bits of the matrices' codes; absent for matrices of floats. */
  readonly bits?: 4 | 8;
  readonly zeroPoints?: boolean;
  /**
   * `grouped`: `GroupQueryAttention` with three inputs; `packed`: with one; `primitive`: spelled out, with caches grown by
   * `Concat` and one mask for all layers.
   */
  readonly attention?: "grouped" | "packed" | "primitive";
  /** Spelled-out attention also hides the tokens that the input `attention_mask` leaves out. */
  readonly hidesPadding?: boolean;
  readonly queryKeyNorm?: boolean;
  readonly biases?: boolean;
  /** Every second layer sees only this many tokens. */
  readonly window?: number;
  /** Rotation by the attention operator, or by one of its own from the input `position_ids`, or a learned table. */
  readonly positions?: "inside" | "rotary" | "learned";
  /** Positions are an input, for images with three rows; otherwise worked out from the shapes of ids and caches. */
  readonly positionIds?: boolean | "three";
  /**
   * `skip`: sums fused with normalizations; `plain`: sums of their own; `sandwich`: outputs are normalized, too;
   * `parallel`: attention and feed-forward side by side; `spelled`: norms in primitive operators.
   */
  readonly norms?: "skip" | "plain" | "sandwich" | "parallel" | "spelled";
  /** Products round what they multiply to 8 bits, as ONNX Runtime's dynamic quantization writes them. */
  readonly rounded?: boolean;
  /**
   * One table for embedding and head: of floats, of codes (`GatherBlockQuantized`), or of bytes with one scale, as the dynamic
   * quantization writes it.
   */
  readonly tied?: "floats" | "codes" | "bytes";
  /** Experts: `QMoE`, or a router and two experts spelled out. */
  readonly experts?: "fused" | "spelled";
  /** Layers with state of fixed size in place of attention, or beside it; see `decoder-states.ts`. */
  readonly mixers?: Readonly<Record<number, "convolution" | "delta" | "mamba" | "mamba-and-attention">>;
  /** `genai` writes `past_key_values.0.conv_state` where others write `past_conv.0`. */
  readonly stateNames?: "genai";
  /** Rotary tables are chosen by an `If` on the length; `inside` it, the tables lie in its branches. */
  readonly chosenTables?: boolean | "inside";
  /** Every layer also takes a part of a second embedding of the tokens. */
  readonly layerEmbeddings?: boolean;
  /**
   * The head beside a plain product: `capped` logits, as in Gemma 2; `flat`, with the tokens of all texts in one list; `int8`,
   * quantized while it runs; `seen-twice`, whose product is also used elsewhere.
   */
  readonly head?: "capped" | "flat" | "int8" | "seen-twice";
  /** Only the last token's logits leave, or as many as an input says. */
  readonly logits?: "last" | "as-asked";
  /** How operators and weights are named; `nothing` by their kind and a number. */
  readonly names?: "layers" | "h" | "blocks" | "nothing";
  /** Whether values inside are described (`value_info`). */
  readonly described?: boolean;
  readonly externalFiles?: readonly string[];
  /** Changes the names of the inputs and outputs of caches; `past_key_values` and `present` by default. */
  readonly pastName?: string;
  /** Leaves the head size of caches open, as the GenAI builder does. */
  readonly openHeadSize?: boolean;
  /** Tokens of the vocabulary; `FIXTURE.vocabulary` by default. */
  readonly vocabulary?: number;
  /** The last layer has no cache, and looks at that of this one instead; only spelled-out attention. */
  readonly borrowsCacheOf?: number;
  /** Things that make a graph impossible to split. */
  readonly flaw?: "shared-cache" | "no-cache" | "unknown-input" | "inner-files" | "ids-inside" | "ids-passed";
}
