/** Tables of the frames that may cross a link: the schema, size limit and rate of each kind. */
import * as v from "valibot";
import { type Bytes, type DeepReadonly, type ItemBudget, decodeCbor, encodeCbor, MicrogridError } from "../core";
import type { RawFrame } from "./framing";
import { type FrameRate, TokenBucket } from "./rate";

/** The rules for one kind of frame. */
interface FrameSpec {
  readonly schema: v.GenericSchema;
  /** Longest encoded body in bytes. */
  readonly maxBytes: number;
  /** How often it may arrive; exceeding the rate ends the link. */
  readonly rate: FrameRate;
  /**
   * True if the receiver has asked for each frame of this kind, and ends the link where it has not. The time that they take is
   * then the receiver's choice, so the link's budget leaves it out. Only lanes have such kinds.
   */
  readonly asked?: boolean;
}

/** All frame kinds of a protocol, by name. */
export type FrameTable = Readonly<Record<string, FrameSpec>>;

/** The body of a frame kind, as sent. */
export type FrameBody<T extends FrameTable, K extends keyof T> = DeepReadonly<v.InferInput<T[K]["schema"]>>;

/** A received frame: a union over the kinds of the table, so a switch over `kind` narrows the body. */
export type FrameOf<T extends FrameTable> = {
  [K in keyof T & string]: { readonly kind: K; readonly body: v.InferOutput<T[K]["schema"]> };
}[keyof T & string];

/** Encodes a body. Throws `bad-request` if it violates the schema or the size limit of its kind. */
export function encodeFrame<T extends FrameTable, K extends keyof T & string>(
  table: T,
  kind: K,
  body: FrameBody<T, K>,
): Bytes {
  const spec = table[kind];
  const encoded = encodeCbor(body);
  const result = spec && v.safeParse(spec.schema, body);
  if (spec && result?.success && encoded.length <= spec.maxBytes) return encoded;
  const why = result?.success ? `it has ${encoded.length} bytes` : result?.issues[0].message;
  throw new MicrogridError("bad-request", `This cannot be sent to a peer (${kind}): ${why}.`, {
    cause: result?.issues,
  });
}

/** Tracks how many frames of each kind a peer may still send. */
export class FrameLimits {
  readonly #table: FrameTable;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(table: FrameTable) {
    this.#table = table;
  }

  /**
   * Counts a frame whose head has arrived, before its body is read. Returns the size limit of its kind in bytes, or
   * undefined for an unknown kind. Throws `peer-protocol` if the frame exceeds its rate. `nowMs` is as for `TokenBucket`.
   */
  admit(kind: string, nowMs: number): number | undefined {
    const spec = Object.hasOwn(this.#table, kind) ? this.#table[kind] : undefined;
    if (!spec) return undefined;
    const bucket = this.#buckets.get(kind) ?? new TokenBucket(spec.rate, nowMs);
    this.#buckets.set(kind, bucket);
    if (bucket.take(nowMs)) return spec.maxBytes;
    const { burst, perSecond } = spec.rate;
    throw new MicrogridError(
      "peer-protocol",
      `A peer floods this device: it sent more ${kind} messages than ${burst} at once and ${perSecond} a second.`,
    );
  }
}

/** Decodes and checks a frame. Throws `peer-protocol` if it does not match its schema. */
export function parseFrame<T extends FrameTable>(table: T, frame: RawFrame, budget?: ItemBudget): FrameOf<T> {
  const spec = Object.hasOwn(table, frame.kind) ? table[frame.kind] : undefined;
  const result = spec && v.safeParse(spec.schema, decodeCbor(frame.body, budget), { abortEarly: true });
  if (!result?.success) {
    throw new MicrogridError("peer-protocol", `A peer sent a ${frame.kind} message that makes no sense.`, {
      cause: result?.issues,
    });
  }
  return { kind: frame.kind, body: result.output };
}
