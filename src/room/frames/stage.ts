/** Frames of pipelines, which the members of a room exchange on the channel `stage` (docs/protocol.md §7). */
import * as v from "valibot";
import { DidSchema } from "../../identity";
import { type FrameBody, type FrameOf, type FrameRate, type FrameTable, type Lane, TokenBucket } from "../../wire";
import { MAX_MODEL_CHARS } from "../constants";
import { count, text } from "../schemas";

/**
 * Largest hidden state in one frame, in bytes: 64 tokens of two tensors of 4,096 numbers in 32 bits. Every link may hold one
 * in the making.
 */
export const MAX_HIDDEN_BYTES = 2 * 2 ** 20;
/** Tensors that cross a cut; usual models have one or two. */
const MAX_TENSORS = 8;
const MAX_LAYERS = 1_024;
const MAX_CONTEXT = 2 ** 24;
/**
 * Largest graph that is read for others, in bytes: it is held in memory before anything is known about it. Those of decoders
 * have a few megabytes without their weights.
 */
export const MAX_GRAPH_BYTES = 64 * 2 ** 20;
/** Nodes among which one pipeline is planned. */
const MAX_NEIGHBOURS = 32;
const MAX_PROBE_BYTES = 300_000;

/** The reasons why a node does not help with a model. */
const UNABLE = ["consent", "charter", "model", "memory", "failed"] as const;

/** A pipeline is opened and changed by people, and repaired a few times a minute at worst. */
const RARE: FrameRate = { burst: 64, perSecond: 4 };
/** A few probes for each neighbour when a pipeline is planned. */
const PROBES: FrameRate = { burst: 16, perSecond: 1 };
/** One for each token of each sequence, and after a repair all that the stage has kept of them. */
export const STEP_RATE: FrameRate = { burst: 16_384, perSecond: 8_192 };
/**
 * The pace at which a node sends. It is below the limit, since two nodes may share several pipelines, and a stalled line
 * delivers everything at once. Otherwise, sending a long text again after a repair could look like a flood.
 */
const PACE: FrameRate = { burst: STEP_RATE.burst / 4, perSecond: STEP_RATE.perSecond / 4 };

const id = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

/** A view into the frame, so that large tensors are not copied again. */
const bytes = v.pipe(
  v.instance(Uint8Array),
  v.check((value) => value.length <= MAX_HIDDEN_BYTES, "too long"),
);
/** The repair that made two nodes neighbours, from 0: it exposes late frames from a former neighbour. */
const attempt = count(1_000_000);
/** The consumer counts the steps, over all sequences of a pipeline. */
const step = count(Number.MAX_SAFE_INTEGER);

/** Identifies the files of a model: nodes that agree on these fields read the same files. */
const source = {
  model: text(MAX_MODEL_CHARS),
  /** The graph's path inside the model, and its size: a node without the graph may ask the consumer for it. */
  graph: text(200),
  graphBytes: count(MAX_GRAPH_BYTES),
  /** A hash over the graph and the host's list of its weights. */
  weightsHash: text(100),
};
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

export const STAGE_FRAMES = {
  /** Asks what the receiver could do for this model, and how far it is from these nodes. */
  "stage.ask": {
    schema: v.strictObject({ ask: id, ...source, among: v.pipe(v.array(DidSchema), v.maxLength(MAX_NEIGHBOURS)) }),
    maxBytes: 4_096,
    rate: RARE,
  },
  /** The memory that it gives, one layer as it was measured here for one token alone and in a prompt, and its links. */
  "stage.able": {
    schema: v.strictObject({
      ask: id,
      memoryBytes: count(Number.MAX_SAFE_INTEGER),
      decodeMs: amount,
      prefillMs: amount,
      links: v.pipe(
        v.array(v.strictObject({ did: DidSchema, rttMs: amount, bytesPerSecond: amount })),
        v.maxLength(MAX_NEIGHBOURS),
      ),
    }),
    maxBytes: 4_096,
    rate: RARE,
  },
  "stage.unable": {
    schema: v.strictObject({ ask: id, why: v.picklist(UNABLE), text: text(500) }),
    maxBytes: 2_048,
    rate: RARE,
  },
  /** Measures a link: the receiver answers at once. */
  "stage.probe": { schema: v.strictObject({ probe: id, payload: bytes }), maxBytes: MAX_PROBE_BYTES, rate: PROBES },
  "stage.echo": { schema: v.strictObject({ probe: id }), maxBytes: 128, rate: PROBES },
  /** Asks the receiver to hold the layers `[from, to)` for the sender, between two neighbours in a ring. */
  "stage.open": {
    schema: v.strictObject({
      pipeline: id,
      ...source,
      from: count(MAX_LAYERS),
      to: count(MAX_LAYERS),
      context: count(MAX_CONTEXT),
      sequences: count(64),
      stepTokens: count(1_024),
      previous: DidSchema,
      next: DidSchema,
      attempt,
    }),
    maxBytes: 2_048,
    rate: RARE,
  },
  /** The stage is being loaded; at most once a second. The consumer gives up if there is no progress. */
  "stage.progress": {
    schema: v.strictObject({
      pipeline: id,
      attempt,
      loadedBytes: count(Number.MAX_SAFE_INTEGER),
      totalBytes: count(Number.MAX_SAFE_INTEGER),
    }),
    maxBytes: 256,
    rate: RARE,
  },
  /** The stage is in memory. `attempt`: of its `stage.open`. `decodeMs`: one token through its layers, as measured. */
  "stage.ready": {
    schema: v.strictObject({ pipeline: id, attempt, decodeMs: v.pipe(v.number(), v.finite(), v.minValue(0)) }),
    maxBytes: 256,
    rate: RARE,
  },
  /** The stage is not opened, or no longer kept; `attempt` is absent if the node has no stage of that pipeline. */
  "stage.refused": {
    schema: v.strictObject({ pipeline: id, attempt: v.optional(attempt), reason: text(500) }),
    maxBytes: 2_048,
    rate: RARE,
  },
  /** Another neighbour before the receiver, from now on. */
  "stage.previous": { schema: v.strictObject({ pipeline: id, attempt, did: DidSchema }), maxBytes: 256, rate: RARE },
  /**
   * Another neighbour behind the receiver, which gives it all again that it has given to the former one. Steps that the
   * consumer has back already (all but those in `open` and those from `openFrom` on) are read up to layer `upTo` only: the
   * stages behind know them.
   */
  "stage.next": {
    schema: v.strictObject({
      pipeline: id,
      attempt,
      did: DidSchema,
      upTo: count(MAX_LAYERS),
      open: v.pipe(v.array(step), v.maxLength(1_024)),
      openFrom: step,
    }),
    maxBytes: 16_384,
    rate: RARE,
  },
  /** Asks a stage for a step that is not back in time, which `previous` gives it under `attempt`. */
  "stage.where": {
    schema: v.strictObject({ pipeline: id, step, previous: DidSchema, attempt }),
    maxBytes: 256,
    rate: RARE,
  },
  /**
   * Where the step is, and how many steps this stage has computed and given on so far: what grows is at work. `unknown`: it
   * never came, or failed. `waiting`: it came from `previous` too early, or the line to the next stage is busy. `computing`: it is with the
   * model. `passed`: the next stage has been given it.
   */
  "stage.seen": {
    schema: v.strictObject({
      pipeline: id,
      step,
      state: v.picklist(["unknown", "waiting", "computing", "passed"]),
      worked: count(Number.MAX_SAFE_INTEGER),
    }),
    maxBytes: 128,
    rate: RARE,
  },
  /** The sender is about to leave: its layers are opened elsewhere while it still serves, and closed here then. */
  "stage.leaving": { schema: v.strictObject({ pipeline: id }), maxBytes: 128, rate: RARE },
  /** The answer to `stage.leaving` where nobody can take the layers: the receiver serves until it goes. */
  "stage.stay": { schema: v.strictObject({ pipeline: id }), maxBytes: 128, rate: RARE },
  "stage.close": { schema: v.strictObject({ pipeline: id }), maxBytes: 128, rate: RARE },
  /** The next tokens of a sequence. The receiver first forgets all tokens from `keep` on. */
  "stage.forward": {
    schema: v.strictObject({
      pipeline: id,
      attempt,
      step,
      sequence: id,
      keep: count(MAX_CONTEXT),
      count: count(1_024),
      /** The stage that has this as its last layer does not pass it on: those behind know it. */
      upTo: v.optional(count(MAX_LAYERS)),
      tensors: v.pipe(
        v.array(
          v.strictObject({
            name: text(200),
            dtype: v.picklist(["float32", "float16"]),
            bytes,
          }),
        ),
        v.maxLength(MAX_TENSORS),
      ),
    }),
    maxBytes: MAX_HIDDEN_BYTES + 4_096,
    rate: STEP_RATE,
  },
  /** A step could not be computed, or a sequence not be given again; goes to the consumer. */
  "stage.failed": {
    schema: v.strictObject({ pipeline: id, sequence: id, step: v.optional(step), code: text(40), message: text(500) }),
    maxBytes: 2_048,
    rate: STEP_RATE,
  },
  /** A sequence is over; passed on around the ring. */
  "stage.end": { schema: v.strictObject({ pipeline: id, sequence: id }), maxBytes: 128, rate: STEP_RATE },
} satisfies FrameTable;

/** How fast steps may go to one neighbour, and failures to a consumer: honest senders are never cut off. */
export function stepPace(): TokenBucket {
  return new TokenBucket(PACE, performance.now());
}

export type UnableReason = (typeof UNABLE)[number];
type StageTable = typeof STAGE_FRAMES;
export type StageLane = Lane<StageTable>;
export type StageFrame = FrameOf<StageTable>;
export type StageFrameBody<K extends keyof StageTable> = FrameBody<StageTable, K>;
/** The body of a kind as it was received. */
export type ReceivedStageBody<K extends keyof StageTable> = Extract<StageFrame, { kind: K }>["body"];
