/** Frames of every allowed kind, as costly as their schemas let them be and as many as their rates allow. */
import * as v from "valibot";
import { type Bytes, type Did, encodeCbor, randomId } from "../../src/core";
import { MAX_RELAYED_CHARS } from "../../src/room/constants";
import type { Statement } from "../../src/room/gossip/statements";
import { ROOM_FRAMES } from "../../src/room/protocol";
import { frameToMessages } from "../../src/wire/framing";
import type { FrameTable } from "../../src/wire/frames";
import { fatBodies } from "../fuzz/fat-bodies";

/** A kind of frame that is sent again and again. */
export interface Flood {
  readonly kind: string;
  readonly messages: readonly Bytes[];
  readonly bytes: number;
  readonly perSecond: number;
}

/** A link that carries these ends: they are due once, or their content is checked and found wrong. */
const ENDING = new Set([
  "hello",
  "charter",
  "epochs",
  "removal",
  "proposal",
  "revocation",
  "proof",
  "head",
  "standing",
]);
/** Statements in a frame of gossip. */
const STATEMENTS = 48;

/** The floods that a link survives; `statements` are signed ones. */
export function floods(statements: readonly Statement[]): readonly Flood[] {
  const table: FrameTable = ROOM_FRAMES;
  const single = Object.entries(table).flatMap(([kind, spec]) => {
    if (ENDING.has(kind) || kind === "gossip" || kind === "relay") return [];
    const bodies = fatBodies(spec).filter((body) => v.is(spec.schema, body));
    return bodies.map((body) => ({ kind, body, perSecond: spec.rate.perSecond / bodies.length }));
  });
  const { perSecond } = ROOM_FRAMES.gossip.rate;
  const parcels = Math.floor(statements.length / STATEMENTS);
  const gossip = Array.from({ length: parcels }, (_, i) => ({
    kind: "gossip",
    body: { statements: statements.slice(i * STATEMENTS, (i + 1) * STATEMENTS) },
    perSecond: perSecond / parcels,
  }));
  return [...single, ...gossip].map(floodOf);
}

/** Answers of lines that nobody has offered, as long as they may be; each member speaks for itself. */
export function relayed(from: Did, to: Did): Flood {
  const body = { from, to, id: randomId(16), kind: "answer", text: "a".repeat(MAX_RELAYED_CHARS) };
  return floodOf({ kind: "relay", body, perSecond: ROOM_FRAMES.relay.rate.perSecond });
}

function floodOf({ kind, body, perSecond }: { kind: string; body: unknown; perSecond: number }): Flood {
  const messages = frameToMessages(kind, encodeCbor(body));
  return { kind, messages, bytes: messages.reduce((sum, { length }) => sum + length, 0), perSecond };
}
