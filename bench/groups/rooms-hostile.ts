/** A simulated room of which every tenth member colludes with the others of its kind. */
import type { Group } from "../group";
import type { Line } from "../line";
import type { CollusionFigures } from "../simulation/collusion";
import { simulate } from "../simulation/simulate";
import { spread } from "../statistics";

/** Nodes of the room, scaled by `--scale`. */
const NODES = 1_000;
const HOSTILE_SHARE = 0.1;
/** Keys that each colluder makes up, in a small room and in a large one: each costs as much to simulate as a node. */
const KEYS = 4;
const KEYS_OF_MANY = 1;
const MANY = 400;

const SIMULATED =
  "Simulated in Node: RoomSession, mesh, gossip, handshake, jobs and routing are the real ones; network, signaling, engine and clock " +
  "are not. Times are those of the simulated clock.";
const ATTACK =
  "Colluders are members. They take every slot that becomes free and turn newcomers away there in six ways, keep 64 links each, " +
  "spread cards of made-up keys and addresses, claim a million tokens a second, and answer with silence, nonsense or failures.";
const THREAD =
  "Messages of colluders, handshakes and all that promises do right behind them, by the processor's own clock, in percent of " +
  "simulated time. All colluders link to the measured nodes and flood them with every kind of control frame for two minutes: as " +
  "often as its rate allows, with the longest bodies, and as much as 100 Mbit/s carry. Cryptography counts, which a browser does on " +
  "other threads; a check of a signature that is repeated is remembered here.";
const FINDABLE = "Time in which no honest member held a slot. Two of those that do leave during the attack.";
const MISLED =
  "Nonsense that ends as an answer does cannot be told from one, so it is not lost; the other figure counts it.";

export const roomsHostile: Group = async ({ times, say }) => {
  const nodes = times(NODES);
  const keys = nodes > MANY ? KEYS_OF_MANY : KEYS;
  say(`${nodes} nodes`);
  return linesOf(await simulate<CollusionFigures>("collusion", [nodes, Math.round(HOSTILE_SHARE * nodes), keys]));
};

function linesOf(room: CollusionFigures): Line[] {
  const of = `room of ${room.nodes}, ${room.colluders} collude`;
  const notes = [SIMULATED, ATTACK];
  const percent = (part: number, whole: number) => spread([(100 * part) / whole]);
  return [
    {
      name: `${of}: newcomers that came in`,
      unit: "%",
      measured: percent(room.cameIn, room.newcomers),
      other: { name: "from opening the invite", unit: "ms", value: spread(room.joinMs) },
      target: { of: "median", at: "least", value: 100 },
      notes,
    },
    {
      name: `${of}: honest jobs that were lost`,
      unit: "%",
      measured: percent(room.lost, room.jobs),
      other: { name: "answered with nonsense", unit: "%", value: percent(room.misled, room.jobs) },
      target: { of: "median", at: "most", value: 0 },
      notes: [...notes, MISLED],
    },
    { name: `${of}: an honest job takes`, unit: "ms", measured: spread(room.jobMs), notes },
    {
      name: `${of}: time in which the room cannot be found`,
      unit: "%",
      measured: percent(room.unfindableMs, room.attackMs),
      target: { of: "median", at: "most", value: 0 },
      notes: [...notes, FINDABLE],
    },
    {
      name: `${of}: thread that colluders take`,
      unit: "%",
      measured: spread(room.hostilePercent),
      other: { name: "honest members", unit: "%", value: spread(room.honestPercent) },
      target: { of: "max", at: "most", value: 5 },
      notes: [...notes, THREAD],
    },
    {
      name: `${of}: links of a flooded node to honest members`,
      unit: "links",
      measured: spread(room.honestLinks),
      other: { name: "to colluders", unit: "links", value: spread(room.hostileLinks) },
      notes,
    },
    {
      name: `${of}: memory of a node`,
      unit: "kB",
      measured: spread([room.bytesAfter / 1000]),
      other: { name: "before the attack", unit: "kB", value: spread([room.bytesBefore / 1000]) },
      notes,
    },
    { name: `${of}: nodes that a node knows`, unit: "nodes", measured: spread(room.known), notes },
  ];
}
