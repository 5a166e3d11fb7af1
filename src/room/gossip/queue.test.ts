/** News is put into frames as it was encoded for the first neighbour. */
import { expect, it } from "vitest";
import { encodeCbor } from "../../core";
import { GOSSIP_FRAME_BYTES, STATEMENTS_PER_FRAME } from "./constants";
import { GOSSIP_FRAMES } from "./frames";
import { gossipFrames } from "./queue";
import type { Statement } from "./statements";
import { parseFrame } from "../../wire/frames";

/** Statements of this length and more, each different. */
function statementsOf(count: number, bytes: number): Statement[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: "card",
    signed: { payload: new Uint8Array(bytes).fill(i), signatures: [] },
  }));
}

it("writes the frame that encoding it as a whole would give, for any number of statements", () => {
  for (const count of [1, 2, 23, 24, 25, STATEMENTS_PER_FRAME]) {
    const statements = statementsOf(count, 40);
    for (const isNews of [true, false]) {
      expect(gossipFrames(statements, isNews)).toEqual([new Uint8Array(encodeCbor({ statements }))]);
    }
  }
});

it("keeps to the limits of a frame, and loses no statement", () => {
  for (const [count, bytes] of [
    [3 * STATEMENTS_PER_FRAME + 1, 40],
    [50, GOSSIP_FRAME_BYTES / 7],
  ] as const) {
    const statements = statementsOf(count, bytes);
    const frames = gossipFrames(statements, true);
    const read = frames.map((body) => parseFrame(GOSSIP_FRAMES, { kind: "gossip", body }));
    expect(frames.length).toBeGreaterThan(1);
    for (const body of frames) expect(body.length).toBeLessThanOrEqual(GOSSIP_FRAMES.gossip.maxBytes);
    expect(read.flatMap(({ kind, body }) => (kind === "gossip" ? body.statements : []))).toEqual(statements);
  }
});
