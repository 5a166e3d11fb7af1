/** Every limit and interval of larger rooms, each with its reason. */
import type { FrameRate } from "../../wire";

/** Up to this many nodes everybody is linked to everybody … */
export const FULL_MESH_NODES = 32;
/** … and again below this many: the gap keeps a room at the border from going back and forth. */
export const FULL_MESH_AGAIN_NODES = 28;
/** Members of a room that a node keeps in mind: some 2 kB each. */
export const MAX_NODES = 2_048;

/** Neighbours on each side of the ring of all dids: with these links alone the room is connected. */
export const RING_NEIGHBOURS = 2;
/** Links that a node of a partial mesh looks for, the ring's included: a random graph of this degree survives half its nodes. */
export const LINKS_WANTED = 12;
/** Above this many it lets go of those that nobody needs. */
export const LINKS_KEPT = 16;
/** Links at once, jobs of distant askers included; each costs an RTCPeerConnection, of which browsers have 500. */
export const MAX_LINKS = 64;
/** A link is at least this old before it is let go. */
export const LINK_SETTLE_MS = 15_000;
/** How often a node looks at its links. */
export const TEND_MS = 2_000;
/** Nodes that a node of a partial mesh begins to dial in one look. */
export const DIALS_PER_LOOK = 4;
/** How often a link to somebody new is made: it mixes the mesh, and finds the dead that nobody has missed. */
export const REWIRE_MS = 5 * 60_000;

/** How long a node that could not be reached, or wanted no link, is left alone. */
export const FORGIVE_MS = 60_000;

/** News wait this long for company. */
export const GOSSIP_MS = 300;
/** Neighbours that each piece of news is passed on to; what it misses, comparing brings. */
export const GOSSIP_FANOUT = 4;
/** How often a node compares its view with that of a neighbour. */
export const COMPARE_MS = 10_000;
/** Parts that a view is compared in. */
export const VIEW_PARTS = 32;
/** Statements in one frame: a frame stays within one message of the wire. */
export const STATEMENTS_PER_FRAME = 64;
export const GOSSIP_FRAME_BYTES = 60 * 1024;
/** Entries that are compared one by one at a time. */
export const ENTRIES_PER_FRAME = 256;

/** A node publishes its card at most this often, in a room of any size … */
export const CARD_MS = 2_000;
/** … and so that in the whole room at most so many cards come each second. */
export const CARDS_PER_SECOND = 16;
/** Offers on a card; neighbours know the rest from heartbeats. */
export const OFFERS_PER_CARD = 8;
/** Time to contradict a word of one's death: the word and the answer cross the room within 3 s. */
export const SUSPECT_MS = 6_000;
/** How long the dead are kept in mind, so that late copies of their cards do not wake them. */
export const TOMB_MS = 10 * 60_000;

/** Cards of one node that others pass on. */
export const CARD_RATE: FrameRate = { burst: 4, perSecond: 1000 / CARD_MS };
/** Words of loss of one node that others pass on: as many as it has neighbours, in each minute. */
export const WORD_RATE: FrameRate = { burst: LINKS_KEPT, perSecond: LINKS_KEPT / 60 };
/** Statements of a neighbour that are looked at: two whole views at once, then many times what a busy room says. */
export const STATEMENT_RATE: FrameRate = { burst: 2 * MAX_NODES, perSecond: 200 };
/** Statements that a neighbour gets in answer to comparisons: a whole view at once, then little. */
export const ANSWER_RATE: FrameRate = { burst: MAX_NODES, perSecond: 50 };

/** News leave a node at most once each GOSSIP_MS; a newcomer gets a whole view; a sleeper finds 30 s of it. */
export const GOSSIP_FRAME_RATE: FrameRate = { burst: 500, perSecond: 20 };
/** Views are compared when a link is new, and every COMPARE_MS with one of all neighbours. */
export const COMPARE_FRAME_RATE: FrameRate = { burst: 20, perSecond: 1 };
