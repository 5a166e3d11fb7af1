/** Rooms of many nodes, simulated: the room code itself, over a network and a clock of our own. */
import type { Group } from "../group";
import type { Line } from "../line";
import type { RoomFigures } from "../simulation/measure";
import { simulate } from "../simulation/simulate";
import { spread } from "../statistics";

/** Sizes of the rooms in nodes. One more room has `LARGE` nodes, scaled by `--scale`. */
const SMALL = [8, 32, 100];
const LARGE = 1_000;

const SIMULATED =
  "Simulated in Node: RoomSession, mesh, gossip, handshake and signatures are the real ones; network, signaling and clock " +
  "are not (median 20 ms one way between two nodes, with a long tail). Times are those of the simulated clock.";
const CONTROL =
  "Frames on the control channel, sent by one node. What WebRTC adds (some 90 bytes for each message, and ICE's own checks) " +
  "is not counted.";
const BUSY = "Every node begins or ends an answer every 4 to 8 s, so its neighbours and the room hear of its load.";

export const roomsLarge: Group = async ({ times, say }) => {
  const lines: Line[] = [];
  for (const nodes of [...SMALL, times(LARGE)]) {
    say(`${nodes} nodes`);
    lines.push(...linesOf(await simulate<RoomFigures>("room", [nodes])));
  }
  return lines;
};

function linesOf(room: RoomFigures): Line[] {
  const of = `room of ${room.nodes}`;
  const notes = [SIMULATED];
  const lines: Line[] = [
    { name: `${of}: from opening the invite to knowing the others`, unit: "ms", measured: spread(room.joinMs), notes },
    { name: `… the slowest 1 %`, unit: "ms", measured: spread(slowest(room.joinMs)), notes },
    { name: `${of}: links of a node`, unit: "links", measured: spread(room.links), notes },
    {
      name: `${of}: idle, sent by a node`,
      unit: "B/s",
      measured: spread(room.idleBytesPerSecond),
      other: { name: "messages", unit: "1/s", value: spread(room.idleFramesPerSecond) },
      ...(room.nodes === 32 && { target: { of: "max", at: "most", value: 1_000 } }),
      notes: [SIMULATED, CONTROL],
    },
    {
      name: `${of}: everybody busy, sent by a node`,
      unit: "B/s",
      measured: spread(room.busyBytesPerSecond),
      other: { name: "messages", unit: "1/s", value: spread(room.busyFramesPerSecond) },
      notes: [SIMULATED, CONTROL, BUSY],
    },
    {
      name: `${of}: a silent death is known to all`,
      unit: "ms",
      measured: spread(room.deathKnownMs),
      other: { name: "to the first", unit: "ms", value: spread(room.deathFirstMs) },
      notes,
    },
  ];
  if (room.mergeMs !== undefined) {
    lines.push({
      name: `${of}: halves know each other after a cut of a minute`,
      unit: "ms",
      measured: spread([room.mergeMs]),
      notes,
    });
  }
  lines.push({ name: `${of}: memory of a node`, unit: "kB", measured: spread([room.bytesPerNode / 1000]), notes });
  return lines;
}

function slowest(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => b - a).slice(0, Math.ceil(samples.length / 100));
}
