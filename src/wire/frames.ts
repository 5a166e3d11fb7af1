/** A table of the frames that may cross a link: for each kind its schema, its cap and its rate. */
import * as v from "valibot";
import { type Bytes, decodeCbor, encodeCbor, MicrogridError } from "../core";
import type { RawFrame } from "./framing";
import { type FrameRate, TokenBucket } from "./rate";

/** What is known of one kind of frame. */
export interface FrameSpec {
  readonly schema: v.GenericSchema;
  /** Longest encoded body in bytes. */
  readonly maxBytes: number;
  /** How often it may come; the link ends beyond. */
  readonly rate: FrameRate;
}

/** All kinds of frames of a protocol, by name. */
export type FrameTable = Readonly<Record<string, FrameSpec>>;

/** The body of a kind as it is sent. */
export type FrameBody<T extends FrameTable, K extends keyof T> = v.InferInput<T[K]["schema"]>;

/** A received frame: a union over the kinds of the table, so that a switch over `kind` knows the body. */
export type FrameOf<T extends FrameTable> = {
  [K in keyof T & string]: { readonly kind: K; readonly body: v.InferOutput<T[K]["schema"]> };
}[keyof T & string];

/** Encodes a body. Throws `bad-request` where its schema or its cap does not allow it. */
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

/** What a peer may still send of each kind of a table. */
export class FrameLimits {
  readonly #table: FrameTable;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(table: FrameTable) {
    this.#table = table;
  }

  /**
   * Counts a frame that has begun to come, before anything of its body is looked at. Gives its cap in bytes,
   * undefined for an unknown kind. Throws `peer-protocol` where it comes too soon; `nowMs` as for `TokenBucket`.
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

/** Decodes and checks a frame. Throws `peer-protocol` where it does not fit its schema. */
export function parseFrame<T extends FrameTable>(table: T, frame: RawFrame): FrameOf<T> {
  const spec = Object.hasOwn(table, frame.kind) ? table[frame.kind] : undefined;
  const result = spec && v.safeParse(spec.schema, decodeCbor(frame.body));
  if (!result?.success) {
    throw new MicrogridError("peer-protocol", `A peer sent a ${frame.kind} message that makes no sense.`, {
      cause: result?.issues,
    });
  }
  return { kind: frame.kind, body: result.output };
}
