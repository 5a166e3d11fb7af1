/** Every frame that the members of a room exchange, on one page (docs/protocol.md). */
import * as v from "valibot";
import { GOSSIP_FRAMES } from "./gossip/frames";
import { DidSchema, SignedSchema, bytesSchema } from "../identity";
import {
  EmbeddingRequestSchema,
  FinishReasonSchema,
  GenerationRequestSchema,
  ModelOfferSchema,
  TokenIdSchema,
  TokenLogprobSchema,
  UsageSchema,
} from "../inference";
import type { FrameBody, FrameOf, FrameTable, Link } from "../wire";
import {
  MAX_DEADLINE_MS,
  MAX_DEVICE_CHARS,
  MAX_EPOCHS_BYTES,
  MAX_GPU_CHARS,
  MAX_JOB_INPUTS,
  MAX_MODEL_CHARS,
  FULL_MESH_NODES,
  MAX_MESSAGES,
  MAX_NAME_CHARS,
  MAX_OFFERS,
  MAX_RELAYED_CHARS,
  MAX_FIELD_CHARS,
  MAX_REQUEST_BYTES,
  MAX_TOKENS_FRAME_BYTES,
  MAX_VECTORS_BYTES,
  SLOT_COUNT,
} from "./constants";
import { AddressSchema } from "./door/protocol";
import { text } from "./schemas";
import { CHARTER_RULES, DoubleSchema, EpochsSchema, HeadSchema, ProofSchema, RemovalSchema } from "./membership";
import {
  DOUBLE_RATE,
  HEARTBEAT_RATE,
  HELLO_RATE,
  JOB_RATE,
  JOB_SIGN_RATE,
  KNOCK_RATE,
  MEMBERS_RATE,
  RELAY_RATE,
  REVOCATION_RATE,
  RULES_RATE,
  TOKENS_RATE,
} from "./frames/rates";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
export const JobIdSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{16,64}$/));

const modelName = text(MAX_MODEL_CHARS);
// A node may say more of itself than this program knows, if its own is newer: those fields are left out, and the rest counts.
const Offer = v.object({ ...ModelOfferSchema.entries, model: modelName, name: modelName });

const Load = v.object({
  running: count,
  queued: count,
  tokenRate: amount,
  visible: v.boolean(),
  battery: v.optional(share),
});

const { messages } = GenerationRequestSchema.entries;
const Request = v.strictObject({
  ...GenerationRequestSchema.entries,
  model: modelName,
  messages: v.pipe(messages, v.minLength(1), v.maxLength(MAX_MESSAGES)),
});

const { inputs } = EmbeddingRequestSchema.entries;
const EmbedRequest = v.strictObject({
  ...EmbeddingRequestSchema.entries,
  model: modelName,
  inputs: v.pipe(inputs, v.maxLength(MAX_JOB_INPUTS)),
});
const jobTerms = {
  id: JobIdSchema,
  privacy: v.picklist(["room", "anywhere"]),
  deadlineMs: v.pipe(amount, v.maxValue(MAX_DEADLINE_MS)),
};

/** Why a job is not taken. */
const REFUSAL_REASONS = ["busy", "unknown-model", "charter", "policy", "too-large", "draining"] as const;

export const ROOM_FRAMES = {
  /** The first frame behind the handshake, from both sides. `session` is new at every start of a node. */
  hello: {
    schema: v.strictObject({
      session: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
      /** Bootstrap links through a slot only exchange addresses and are closed. */
      bootstrap: v.boolean(),
      /** Why the sender belongs to the room. */
      proof: ProofSchema,
      /** The charter that it knows; whoever knows a better one sends that. */
      charter: v.strictObject({ version: count, hash: bytesSchema(32) }),
    }),
    maxBytes: 16 * 1024,
    rate: HELLO_RATE,
  },
  /** Where the sender and those it is linked to can be dialled. Sent behind `hello` and when it changes. */
  members: {
    schema: v.strictObject({
      address: v.optional(AddressSchema),
      /** The slot that the sender holds, if it does. */
      slot: v.optional(v.pipe(count, v.maxValue(SLOT_COUNT - 1))),
      peers: v.pipe(
        v.array(v.strictObject({ did: DidSchema, address: v.optional(AddressSchema) })),
        v.maxLength(FULL_MESH_NODES),
      ),
    }),
    maxBytes: 32 * 1024,
    rate: MEMBERS_RATE,
  },
  /** An offer or an answer of a line, from one member to another through the one between them. */
  relay: {
    schema: v.strictObject({
      to: DidSchema,
      from: DidSchema,
      id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
      kind: v.picklist(["offer", "answer"]),
      text: text(MAX_RELAYED_CHARS),
    }),
    maxBytes: MAX_RELAYED_CHARS + 1024,
    rate: RELAY_RATE,
  },
  /** A charter in force that the receiver does not know. */
  charter: { schema: v.strictObject({ signed: SignedSchema }), maxBytes: 48 * 1024, rate: RULES_RATE },
  /** All epochs, with their secrets: somebody was removed. */
  epochs: { schema: EpochsSchema, maxBytes: MAX_EPOCHS_BYTES, rate: RULES_RATE },
  /** The records of all epochs, without their secrets: the last frame to somebody who is not a member by them any more. */
  removal: { schema: RemovalSchema, maxBytes: MAX_EPOCHS_BYTES, rate: RULES_RATE },
  /** A change that waits for the signatures of more founders. */
  proposal: {
    schema: v.strictObject({ kind: v.picklist(["charter", "epoch"]), signed: SignedSchema }),
    maxBytes: 48 * 1024,
    rate: RULES_RATE,
  },
  /** A house takes back what it said of a node. */
  revocation: { schema: v.strictObject({ signed: SignedSchema }), maxBytes: 1024, rate: REVOCATION_RATE },
  /** Evidence that a member gave one place to two others. */
  double: { schema: DoubleSchema, maxBytes: 16 * 1024, rate: DOUBLE_RATE },
  /** A founder shortens the receiver's proof. */
  proof: { schema: v.strictObject({ proof: ProofSchema }), maxBytes: 16 * 1024, rate: RULES_RATE },
  /** A founder's word that the room is in this epoch now, newer than the receiver's. */
  head: { schema: HeadSchema, maxBytes: 2 * 1024, rate: RULES_RATE },
  /** A new proof of the sender's membership: its house has changed, or its proof has become shorter. */
  standing: { schema: v.strictObject({ proof: ProofSchema }), maxBytes: 16 * 1024, rate: RULES_RATE },
  /** Somebody knocks at the sender's door, or does so no more. */
  knock: {
    schema: v.strictObject({
      did: DidSchema,
      name: text(MAX_NAME_CHARS),
      device: text(MAX_DEVICE_CHARS),
      delegation: v.optional(SignedSchema),
      over: v.optional(v.boolean()),
    }),
    maxBytes: 4 * 1024,
    rate: KNOCK_RATE,
  },
  /** The answer of the sender's user to a knock. */
  "knock.answer": { schema: v.strictObject({ did: DidSchema, admit: v.boolean() }), maxBytes: 256, rate: KNOCK_RATE },
  /** How the sender presents itself and what it offers; when changed, at most once a second. */
  heartbeat: {
    schema: v.object({
      name: text(MAX_NAME_CHARS),
      device: text(MAX_DEVICE_CHARS),
      gpu: text(MAX_GPU_CHARS),
      sharing: v.boolean(),
      /** Memory that it gives to layers of models that other nodes run; absent: none. */
      layersBytes: v.optional(count),
      load: Load,
      offers: v.pipe(v.array(Offer), v.maxLength(MAX_OFFERS)),
    }),
    maxBytes: 128 * 1024,
    rate: HEARTBEAT_RATE,
  },

  /** Asks for an answer. `deadlineMs` from now on it is of no use any more. */
  "job.request": {
    schema: v.strictObject({ ...jobTerms, request: Request }),
    maxBytes: MAX_REQUEST_BYTES,
    rate: JOB_RATE,
  },
  /** Asks for vectors. The job is accepted, refused, failed and cancelled like one for an answer. */
  "job.embed": {
    schema: v.strictObject({ ...jobTerms, request: EmbedRequest }),
    maxBytes: MAX_REQUEST_BYTES,
    rate: JOB_RATE,
  },
  /** All vectors of a job, in the order of its inputs; the job is complete. */
  "job.vectors": {
    schema: v.strictObject({
      id: JobIdSchema,
      dimensions: v.pipe(count, v.minValue(1)),
      /** 32-bit floats, little-endian. */
      vectors: v.pipe(v.instance(Uint8Array), v.maxLength(MAX_VECTORS_BYTES)),
      promptTokens: count,
    }),
    maxBytes: MAX_VECTORS_BYTES + 256,
    rate: JOB_RATE,
  },
  /** The job is taken; repeated with news at least every 4 s until its first tokens. */
  "job.accepted": {
    schema: v.strictObject({ id: JobIdSchema, position: count, etaMs: amount }),
    maxBytes: 256,
    rate: JOB_SIGN_RATE,
  },
  "job.refused": {
    schema: v.strictObject({
      id: JobIdSchema,
      reason: v.picklist(REFUSAL_REASONS),
      /** The rule of the charter that the request would break. */
      rule: v.optional(v.picklist(CHARTER_RULES)),
      load: Load,
    }),
    maxBytes: 512,
    rate: JOB_RATE,
  },
  /** The oldest messages of the request did not fit the model's context, so the answer does not know them. */
  "job.shortened": {
    schema: v.strictObject({ id: JobIdSchema, messages: v.pipe(count, v.maxValue(MAX_MESSAGES)) }),
    maxBytes: 256,
    rate: JOB_RATE,
  },
  /** Tokens of the answer; `seq` counts these frames from 0 without a gap. */
  "job.tokens": {
    schema: v.strictObject({
      id: JobIdSchema,
      seq: count,
      text: text(MAX_TOKENS_FRAME_BYTES),
      ids: v.pipe(v.array(TokenIdSchema), v.maxLength(4096)),
      /** True if the text is what the model thinks before it answers. */
      reasoning: v.optional(v.boolean()),
      logprobs: v.optional(v.pipe(v.array(TokenLogprobSchema), v.maxLength(4096))),
    }),
    maxBytes: MAX_TOKENS_FRAME_BYTES,
    rate: TOKENS_RATE,
  },
  /** The answer is complete after `frames` frames of tokens. */
  "job.done": {
    schema: v.strictObject({
      id: JobIdSchema,
      frames: count,
      finishReason: FinishReasonSchema,
      usage: UsageSchema,
    }),
    maxBytes: 1024,
    rate: JOB_RATE,
  },
  "job.failed": {
    schema: v.strictObject({
      id: JobIdSchema,
      code: text(40),
      message: text(500),
      /** The part of the request that was refused, such as `format`. */
      field: v.optional(text(MAX_FIELD_CHARS)),
    }),
    maxBytes: 2048,
    rate: JOB_RATE,
  },
  /** The consumer does not want the rest; the work stops within one token. */
  "job.cancel": { schema: v.strictObject({ id: JobIdSchema }), maxBytes: 128, rate: JOB_RATE },

  ...GOSSIP_FRAMES,
} satisfies FrameTable;

type RoomTable = typeof ROOM_FRAMES;
export type RoomLink = Link<RoomTable>;
export type RoomFrame = FrameOf<RoomTable>;
export type RoomFrameBody<K extends keyof RoomTable> = FrameBody<RoomTable, K>;
/** The body of a kind as it was received. */
export type ReceivedBody<K extends keyof RoomTable> = Extract<RoomFrame, { kind: K }>["body"];
export type RefusalReason = (typeof REFUSAL_REASONS)[number];
