/**
 * Every frame between a guest and the member that it asks to let it in, on one page (docs/protocol.md). A guest link
 * knows no others.
 */
import * as v from "valibot";
import { DidSchema, SignedSchema } from "../../identity";
import type { FrameTable, Link } from "../../wire";
import {
  MAX_DEVICE_CHARS,
  MAX_EPOCHS,
  MAX_EPOCHS_BYTES,
  MAX_MODEL_CHARS,
  MAX_NAME_CHARS,
  MAX_OFFERS,
  MAX_REVOCATIONS,
} from "../constants";
import { EpochsSchema, HeadSchema, ProofSchema } from "../membership";
import { text } from "../schemas";

/** Members that a guest is told of. */
export const MAX_SHOWN_INSIDE = 32;
/** Of what they say of themselves; the rest of the frame is for the charter. */
export const MAX_INSIDE_BYTES = 192 * 1024;

/** Under which id a member can be dialled at the signaling server; it changes when signaling was lost. */
export const AddressSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

const Inside = v.strictObject({
  did: DidSchema,
  name: text(MAX_NAME_CHARS),
  device: text(MAX_DEVICE_CHARS),
  delegation: v.optional(SignedSchema),
  sharing: v.boolean(),
  models: v.pipe(v.array(text(MAX_MODEL_CHARS)), v.maxLength(MAX_OFFERS)),
});

export const DOOR_FRAMES = {
  /** Guest: the token whose hash and secret the handshake was about. */
  "guest.hello": {
    schema: v.strictObject({ token: SignedSchema }),
    maxBytes: 4 * 1024,
    rate: { burst: 1, perSecond: 0.1 },
  },
  /**
   * Member, first of all: the room's rules and the proof that the sender belongs to it. Everybody with the invite can pass the
   * handshake, so a guest believes nothing before it has checked this, and tells nothing.
   */
  "guest.member": {
    schema: v.strictObject({
      genesis: v.instance(Uint8Array),
      charter: SignedSchema,
      /** The records of all epochs, without their secrets. */
      epochs: v.pipe(v.array(SignedSchema), v.maxLength(MAX_EPOCHS)),
      proof: ProofSchema,
      head: v.optional(HeadSchema),
    }),
    maxBytes: MAX_EPOCHS_BYTES + 64 * 1024,
    rate: { burst: 1, perSecond: 0.1 },
  },
  /** Member: who is inside. */
  "guest.welcome": {
    schema: v.strictObject({ inside: v.pipe(v.array(Inside), v.maxLength(MAX_SHOWN_INSIDE)) }),
    maxBytes: 256 * 1024,
    rate: { burst: 1, perSecond: 0.1 },
  },
  /** Guest: asks to come in under those rules. */
  "guest.knock": {
    schema: v.strictObject({
      name: text(MAX_NAME_CHARS),
      device: text(MAX_DEVICE_CHARS),
      delegation: v.optional(SignedSchema),
    }),
    maxBytes: 4 * 1024,
    rate: { burst: 1, perSecond: 0.1 },
  },
  /** Member: somebody is asked. */
  "guest.waiting": { schema: v.strictObject({}), maxBytes: 16, rate: { burst: 1, perSecond: 0.1 } },
  /** Member: all that makes the guest a member. The sender is quiet until `guest.ready`. */
  "guest.admitted": {
    schema: v.strictObject({
      epochs: EpochsSchema,
      proof: ProofSchema,
      revocations: v.pipe(v.array(SignedSchema), v.maxLength(MAX_REVOCATIONS)),
    }),
    maxBytes: MAX_EPOCHS_BYTES + 128 * 1024,
    rate: { burst: 1, perSecond: 0.1 },
  },
  /** Guest: a member now; behind this, both begin a handshake as members on the same line. */
  "guest.ready": { schema: v.strictObject({}), maxBytes: 16, rate: { burst: 1, perSecond: 0.1 } },
  /** Member: no; `askInstead` is where the only one is who may redeem this token. */
  "guest.refused": {
    schema: v.strictObject({ reason: text(300), askInstead: v.optional(AddressSchema) }),
    maxBytes: 1024,
    rate: { burst: 1, perSecond: 0.1 },
  },
} satisfies FrameTable;

export type GuestLink = Link<typeof DOOR_FRAMES>;
/** A member as a guest is told of it. */
export type InsideFrame = v.InferOutput<typeof Inside>;
