/** Every limit and interval of larger rooms, each with its reason. */
import type { FrameRate } from "../../wire";
import { MAX_NODES } from "../constants";

/** A partial mesh becomes full again at this many nodes: the gap keeps a room at the border from going back and forth. */
export const FULL_MESH_AGAIN_NODES = 28;

/** Neighbours on each side of the ring of all dids: with these links alone the room is connected. */
export const RING_NEIGHBOURS = 2;
/** Links that a node of a partial mesh looks for, the ring's included: a random graph of this degree survives half its nodes. */
export const LINKS_WANTED = 12;
/** Above this many links, a node drops those that nobody needs. */
export const LINKS_KEPT = 16;
/** A link is at least this old before it is dropped. */
export const LINK_SETTLE_MS = 15_000;
/** How often a node looks at its links. */
export const TEND_MS = 2_000;
/** Nodes that a node of a partial mesh begins to dial in one look. */
export const DIALS_PER_LOOK = 4;
/** How often a node links to somebody new: it mixes the mesh, and finds dead nodes that nobody has missed. */
export const REWIRE_MS = 5 * 60_000;

/** Wait before a node that could not be reached is dialled again, doubled each time up to the maximum. */
export const FORGIVE_MIN_MS = 5_000;
/** The maximum, and the time for which a node that wanted no link is left alone. */
export const FORGIVE_MS = 60_000;

/** News waits this long, so that more of it can share a frame. */
export const GOSSIP_MS = 300;
/** Neighbours that each piece of news is passed on to; comparing views brings it to the rest. */
export const GOSSIP_FANOUT = 4;
/** How often a node compares its view with that of a neighbour. */
export const COMPARE_MS = 10_000;
/** Parts that a view is compared in. */
export const VIEW_PARTS = 32;
/** Statements in one frame: a frame stays within one message of the wire. */
export const STATEMENTS_PER_FRAME = 64;
export const GOSSIP_FRAME_BYTES = 60 * 1024;
/** Entries in one list of a comparison. */
export const ENTRIES_PER_FRAME = 256;

/** A node publishes its card at most this often, in a room of any size … */
export const CARD_MS = 2_000;
/** … and so seldom that the whole room publishes at most this many cards a second. */
export const CARDS_PER_SECOND = 16;
/** Offers on a card; neighbours know the rest from heartbeats. */
export const OFFERS_PER_CARD = 8;
/** Time for a node to contradict the news of its loss: the news and the answer each cross the room within 3 s. */
export const SUSPECT_MS = 6_000;
/** How long dead nodes are remembered, so that late copies of their cards do not bring them back. */
export const TOMB_MS = 10 * 60_000;

/** Rate at which others pass on the cards of one node. */
export const CARD_RATE: FrameRate = { burst: 4, perSecond: 1000 / CARD_MS };
/** Rate at which others pass on one node's statements of loss: as many as it has neighbours, in each minute. */
export const WORD_RATE: FrameRate = { burst: LINKS_KEPT, perSecond: LINKS_KEPT / 60 };
/** Statements read from a neighbour: two whole views at once, then many times the traffic of a busy room. */
export const STATEMENT_RATE: FrameRate = { burst: 2 * MAX_NODES, perSecond: 200 };
/** Statements that a neighbour gets in answer to comparisons: a whole view at once, then little. */
export const ANSWER_RATE: FrameRate = { burst: MAX_NODES, perSecond: 50 };

/** News leaves a node at most once each GOSSIP_MS. A newcomer gets a whole view; a page that slept gets 30 s of news. */
export const GOSSIP_FRAME_RATE: FrameRate = { burst: 500, perSecond: 20 };
/** Views are compared when a link is new, and every COMPARE_MS with one neighbour. */
export const COMPARE_FRAME_RATE: FrameRate = { burst: 20, perSecond: 1 };
