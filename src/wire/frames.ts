/** A table of the frames that may cross a link: for each kind its schema and its cap. */
import * as v from "valibot";
import { type Bytes, decodeCbor, encodeCbor, MicrogridError } from "../core";
import type { RawFrame } from "./framing";

/** What is known of one kind of frame. */
export interface FrameSpec {
  readonly schema: v.GenericSchema;
  /** Longest encoded body in bytes. */
  readonly maxBytes: number;
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
