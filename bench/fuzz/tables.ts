/** All tables of frames, by name: a kind of frame that is in none of them is neither fuzzed nor bounded in its cost. */
import { DOOR_FRAMES } from "../../src/room/door/protocol";
import { BULK_FRAMES } from "../../src/room/frames/bulk";
import { STAGE_FRAMES } from "../../src/room/frames/stage";
import { EPOCH_FRAMES } from "../../src/room/membership/reconcile";
import { ROOM_FRAMES } from "../../src/room/protocol";
import type { FrameTable } from "../../src/wire/frames";
import { LINK_FRAMES } from "../../src/wire/link";

/** The tables as their code names them. `ROOM_FRAMES` contains `GOSSIP_FRAMES`. */
export const TABLES = { LINK_FRAMES, ROOM_FRAMES, DOOR_FRAMES, EPOCH_FRAMES, STAGE_FRAMES, BULK_FRAMES };

const all = {
  ...LINK_FRAMES,
  ...ROOM_FRAMES,
  ...DOOR_FRAMES,
  ...EPOCH_FRAMES,
  ...STAGE_FRAMES,
  ...BULK_FRAMES,
} satisfies FrameTable;

/** Every kind of frame. */
export type Kind = keyof typeof all;

/** The rules of every kind, in one table: no name occurs twice. */
export const KINDS: Readonly<Record<Kind, FrameTable[string]>> = all;
