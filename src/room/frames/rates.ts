/**
 * How often members of a room may send each kind of frame, each with its reason. A link ends if the
 * peer exceeds a limit; honest nodes stay far below. Frames that pile up while this page sleeps arrive all at once. A peer
 * stops sending when it gives this node up, so they are at most 5 s of frames of a job, and 30 s of all others.
 */
import { BUSY_LOST_MS, type FrameRate, IDLE_LOST_MS } from "../../wire";
import {
  COALESCE_MS,
  HEARTBEAT_MS,
  MAX_DOUBLES,
  MAX_GUESTS,
  MAX_JOBS_PER_PEER,
  FULL_MESH_NODES,
  MAX_REVOCATIONS,
} from "../constants";

/** The rate of frames that keep coming this often, and arrive all at once after the longest sleep, with room for jitter. */
function steady(perSecond: number, sleepMs: number): FrameRate {
  return { burst: Math.ceil((2 * perSecond * sleepMs) / 1000), perSecond: 2 * perSecond };
}

/** Once, after the handshake. */
export const HELLO_RATE: FrameRate = { burst: 1, perSecond: 0 };
/** Sent when an address or a slot changes: seldom, but all members may come or go at once. */
export const MEMBERS_RATE: FrameRate = { burst: 2 * FULL_MESH_NODES, perSecond: 4 };
/** An offer and an answer for each member of a full room, once over and again after each wait for an answer. */
export const RELAY_RATE: FrameRate = { burst: 4 * FULL_MESH_NODES, perSecond: 8 };
/** Relayed frames to one member, from all others together: the other half is this node's own. */
export const CARRIED_TO_RATE: FrameRate = { burst: RELAY_RATE.burst / 2, perSecond: RELAY_RATE.perSecond / 2 };
/** Relayed frames from one member: a full room at once, but always with a share left for others. */
export const CARRIED_FROM_RATE: FrameRate = { burst: FULL_MESH_NODES, perSecond: CARRIED_TO_RATE.perSecond / 2 };
export const HEARTBEAT_RATE: FrameRate = steady(1000 / HEARTBEAT_MS, IDLE_LOST_MS);
/** Charters, epochs and proposals: people make them by hand, and each member passes a new one on. */
export const RULES_RATE: FrameRate = { burst: 16, perSecond: 0.5 };
/** All known revocations, once to each new member. */
export const REVOCATION_RATE: FrameRate = { burst: MAX_REVOCATIONS, perSecond: 1 };
/** As many guests as a door holds, who knock and leave. */
export const KNOCK_RATE: FrameRate = { burst: 4 * MAX_GUESTS, perSecond: 2 };
/** Knocks at one door, each of which is two frames for all members: guests must not make it flood them. */
export const OWN_KNOCK_RATE: FrameRate = { burst: MAX_GUESTS, perSecond: 0.5 };
/** Revocations that a member passes on, besides those that it tells new members. */
export const PASSED_REVOCATION_RATE: FrameRate = { burst: MAX_REVOCATIONS / 2, perSecond: 0.5 };
/** All known evidence of places that were given away twice, once to each new member. */
export const DOUBLE_RATE: FrameRate = { burst: 2 * MAX_DOUBLES, perSecond: 0.5 };
/** Such evidence that a member passes on, besides that. */
export const PASSED_DOUBLE_RATE: FrameRate = { burst: MAX_DOUBLES / 2, perSecond: 0.25 };

/**
 * Requests, and the frames that answer each of them once. A node has at most `MAX_JOBS_PER_PEER` of them at a peer, and the
 * shortest answers, of one token, take the fastest engine some 100 ms together.
 */
const JOBS_PER_SECOND = 10 * MAX_JOBS_PER_PEER;
export const JOB_RATE: FrameRate = steady(JOBS_PER_SECOND, BUSY_LOST_MS);
/** Each job says at least once that it is taken, once that it begins, and every 4 s that it waits. */
export const JOB_SIGN_RATE: FrameRate = steady(3 * JOBS_PER_SECOND, BUSY_LOST_MS);
/** Each job of a peer sends a frame within each time of coalescing; one-token answers send one each. */
export const TOKENS_RATE: FrameRate = steady((MAX_JOBS_PER_PEER * 1000) / COALESCE_MS + JOBS_PER_SECOND, BUSY_LOST_MS);
