/** The frames by which members of a larger room tell each other who is there. */
import * as v from "valibot";
import type { FrameBody, FrameOf, FrameTable } from "../../wire";
import { DidSchema, SignedSchema } from "../../identity";
import { ProofSchema } from "../membership";
import {
  COMPARE_FRAME_RATE,
  ENTRIES_PER_FRAME,
  GOSSIP_FRAME_RATE,
  STATEMENTS_PER_FRAME,
  VIEW_PARTS,
} from "./constants";

const part = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(VIEW_PARTS - 1));
const stamp = v.pipe(v.number(), v.integer(), v.minValue(0));
const sum = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const statement = v.strictObject({
  kind: v.picklist(["card", "farewell", "loss"]),
  signed: SignedSchema,
  /** With a card, where it may be news: why its node belongs to the room. */
  proof: v.optional(ProofSchema),
});

export const GOSSIP_FRAMES = {
  /** News of members. Each piece of it is signed by the member that it comes from. */
  gossip: {
    schema: v.strictObject({ statements: v.pipe(v.array(statement), v.maxLength(STATEMENTS_PER_FRAME)) }),
    maxBytes: 64 * 1024,
    rate: GOSSIP_FRAME_RATE,
  },
  /** Compares views: a checksum for each part of the sender's; 0 for a part in which it knows nobody. */
  "view.sums": {
    schema: v.strictObject({ sums: v.pipe(v.array(sum), v.length(VIEW_PARTS)) }),
    maxBytes: 512,
    rate: COMPARE_FRAME_RATE,
  },
  /** The members that the sender knows of in the parts that differ. */
  "view.list": {
    schema: v.strictObject({
      parts: v.pipe(v.array(part), v.maxLength(VIEW_PARTS)),
      entries: v.pipe(v.array(v.strictObject({ did: DidSchema, stamp })), v.maxLength(ENTRIES_PER_FRAME)),
    }),
    maxBytes: 48 * 1024,
    rate: COMPARE_FRAME_RATE,
  },
  /** Asks for the cards of these. */
  "view.pull": {
    schema: v.strictObject({ dids: v.pipe(v.array(DidSchema), v.maxLength(ENTRIES_PER_FRAME)) }),
    maxBytes: 32 * 1024,
    rate: COMPARE_FRAME_RATE,
  },
} satisfies FrameTable;

type GossipTable = typeof GOSSIP_FRAMES;
export type GossipFrame = FrameOf<GossipTable>;
/** The body of a kind as it was received. */
export type GossipBody<K extends keyof GossipTable> = Extract<GossipFrame, { kind: K }>["body"];
/** Sends a frame to one neighbour. */
export type GossipSender = <K extends keyof GossipTable>(kind: K, body: FrameBody<GossipTable, K>) => void;
