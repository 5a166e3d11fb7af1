/** Every limit of the wire, each with its reason. */
import type { FrameRate } from "./rate";

/** Largest message handed to a data channel: safe in every browser, and short enough for channels to take turns. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/**
 * Longest message on channels where latency matters more than the number of messages. For each message, Chromium's SCTP hands
 * at most 4 packets of some 1,160 bytes to the network; the rest waits for an acknowledgement, a whole round trip later.
 */
export const SWIFT_MESSAGE_BYTES = 4 * 1_100;
/** Longest name of a frame kind. */
export const MAX_KIND_BYTES = 32;

/** Above this many unsent bytes a writer waits: a few round trips' worth on a fast connection. */
export const HIGH_WATER_BYTES = 512 * 1024;
/** At this many unsent bytes it continues. */
export const LOW_WATER_BYTES = HIGH_WATER_BYTES / 4;
/** Frames that may wait for a peer that does not read; if there are more, the link ends. */
export const MAX_WAITING_FRAMES = 1024;

/** Time limit of the whole handshake, starting when the channel opens. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Offers from strangers that may be half open at once; each costs an RTCPeerConnection. */
export const MAX_HALF_OPEN = 16;

/** A link that serves a job pings this often, and counts as lost after this much silence. */
export const BUSY_PING_MS = 1_500;
export const BUSY_LOST_MS = 5_000;
/** The same for an idle link. */
export const IDLE_PING_MS = 10_000;
export const IDLE_LOST_MS = 30_000;
/** How often a link checks its timers. */
export const LINK_TICK_MS = 500;
/** A busy link pings every 1.5 s; the burst is twice the number of pings that can pile up before an idle link is lost. */
export const PING_RATE: FrameRate = { burst: (2 * IDLE_LOST_MS) / BUSY_PING_MS, perSecond: 2 };
/** `leaving` is the last frame of a link. */
export const LEAVING_RATE: FrameRate = { burst: 1, perSecond: 0 };
/** Frames that wait for the listener of a link or a lane: the peer may send before this node has examined its proof. */
export const MAX_EARLY_FRAMES = 64;
/** Bytes of frames that wait for the listener of a link. The longest frame is a request, of which a few may come at once. */
export const MAX_EARLY_LINK_BYTES = 16 * 1024 * 1024;
/** Bytes of frames that wait for the listener of a lane. */
export const MAX_EARLY_BYTES = 512 * 1024;

/** A signaling server answers within this time, or counts as unreachable. */
export const SIGNALING_OPEN_TIMEOUT_MS = 5_000;
/** Interval of heartbeats to the signaling server, which forgets a silent id after 20 s (`npm run signal`) to 90 s (default). */
export const SIGNALING_BEAT_MS = 5_000;
/** A dialled peer that is present answers within this time on any usable network. */
export const DIAL_TIMEOUT_MS = 10_000;

/** Time limit for gathering ICE candidates when a connection is made by hand. */
export const GATHER_TIMEOUT_MS = 3_000;
/** Longest session description: a real one with some 20 candidates has 4,000 characters. */
export const MAX_DESCRIPTION_CHARS = 16 * 1024;

/** Fixed ids of the two negotiated channels, above the ids that browsers assign themselves. */
export const BULK_CHANNEL_ID = 100;
export const STAGE_CHANNEL_ID = 102;
