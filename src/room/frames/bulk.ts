/** Frames of weights, which the members of a room give each other on the channel `bulk` (docs/protocol.md §8). */
import * as v from "valibot";
import type { FrameOf, FrameRate, FrameTable, Lane } from "../../wire";
import { MAX_MODEL_CHARS } from "../constants";
import { count, text } from "../schemas";

/**
 * Longest piece, in bytes. Channels of one line take turns by message, so a token may have to wait for one piece: 16 ms
 * on a line of 1 MB/s.
 */
export const MAX_PIECE_BYTES = 16 * 1024;
/** Longest range of one request, in bytes: the requester holds it in memory until it is complete. */
export const MAX_GET_BYTES = 16 * 2 ** 20;
/** Requests that one member may have open at another. */
export const MAX_GETS = 8;
/** Pieces on their way to one member, in bytes: a line of 80 MB/s with a round trip of 100 ms. */
export const MAX_FLYING_BYTES = 8 * 2 ** 20;

/** 256 MiB/s, several times what a browser can send. */
const PIECES: FrameRate = { burst: 32_768, perSecond: 16_384 };
/** Ranges may be small where a model's layers lie scattered over its file. */
const GETS: FrameRate = { burst: 4_096, perSecond: 1_024 };

/** The id of a request, chosen by the requester. */
const get = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

export const BULK_FRAMES = {
  /** Asks for `length` bytes from `offset` on of an external data file, by the name that the model's graph has for it. */
  "bulk.get": {
    schema: v.strictObject({
      get,
      model: text(MAX_MODEL_CHARS),
      /** Path of the graph inside the model. */
      graph: text(200),
      /** A hash over the graph and the host's list of its weights, so that both sides mean the same files. */
      weightsHash: text(100),
      location: text(200),
      offset: count(2 ** 52),
      length: v.pipe(count(MAX_GET_BYTES), v.minValue(1)),
    }),
    maxBytes: 2_048,
    rate: GETS,
  },
  /** The next bytes; `at` counts from the start of the range, without a gap. The last piece ends the range. */
  "bulk.piece": {
    schema: v.strictObject({
      get,
      at: count(MAX_GET_BYTES),
      bytes: v.pipe(
        v.instance(Uint8Array),
        v.check((value) => value.length > 0 && value.length <= MAX_PIECE_BYTES, "empty or too long"),
      ),
    }),
    maxBytes: MAX_PIECE_BYTES + 128,
    rate: PIECES,
    asked: true,
  },
  /** Confirms the first `upTo` bytes of the range. Sent at once for each piece, since it sets the sender's pace. */
  "bulk.got": { schema: v.strictObject({ get, upTo: count(MAX_GET_BYTES) }), maxBytes: 128, rate: PIECES },
  /** Nothing more of the range follows: the file is not stored whole there, could not be read, or was cancelled. */
  "bulk.ended": {
    schema: v.strictObject({ get, why: v.picklist(["missing", "failed", "cancelled"]) }),
    maxBytes: 128,
    rate: GETS,
  },
  /** Cancels a request; answered by `bulk.ended`, unless that has been sent already. */
  "bulk.cancel": { schema: v.strictObject({ get }), maxBytes: 128, rate: GETS },
} satisfies FrameTable;

export type BulkLane = Lane<typeof BULK_FRAMES>;
export type BulkFrame = FrameOf<typeof BULK_FRAMES>;
/** The body of a received frame of one kind. */
export type BulkBody<K extends BulkFrame["kind"]> = Extract<BulkFrame, { kind: K }>["body"];

/** Identifies the files of a model: nodes that agree on all three fields read the same files. */
export type BulkModel = Pick<BulkBody<"bulk.get">, "model" | "graph" | "weightsHash">;
/** One file of weights, as the graph names it. */
export type BulkFile = BulkModel & Pick<BulkBody<"bulk.get">, "location">;
/** A part of one. */
export type BulkRange = BulkFile & Pick<BulkBody<"bulk.get">, "offset" | "length">;
