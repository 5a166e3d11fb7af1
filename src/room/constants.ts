/** Every limit and interval of a room, each with its reason. */

/** Ids at the signaling server under which a room can be found. */
export const SLOT_COUNT = 8;
/** Bytes of the secret that an epoch's slots derive from; it travels in invites, and 128 random bits are out of reach. */
export const RENDEZVOUS_BYTES = 16;
/** Nodes of a room that hold a slot: one could do, three survive losses. */
export const HOLDERS_WANTED = 3;
/**
 * Epochs before the current one whose slots are served too, so that members that were away find back. Each costs each
 * holder one more registration.
 */
export const FORMER_EPOCHS_SERVED = 4;
/** How long a slot counts as held by the member that answered there, while it goes on saying so. */
export const SLOT_MET_MS = 10 * 60_000;
/** A member that claimed a slot which it did not hold is not believed about slots for this time. */
export const SLOT_LIE_MS = 10 * 60_000;
/** Members of a room that check each other's slots in one scan, beside the holders. */
export const SLOT_CHECKERS = 6;
/** How long a held slot may take to answer; a live one takes a few round trips. */
export const SLOT_DIAL_MS = 2_000;
/** After this time a guest tries the next slot beside one that has not answered: an honest holder shows the room within it. */
export const NEXT_SLOT_MS = 1_500;
/** How often a holder looks for holders that it does not know: halves of a room merge this fast. */
export const SLOT_SCAN_MS = 30_000;
/** How often a node that is alone looks again. */
export const LONELY_SCAN_MS = 5_000;
/** How long a dialled member may take to answer. */
export const MEMBER_DIAL_MS = 8_000;
export const MAX_RELAYED_CHARS = 32 * 1024;
/** Lines that this node makes or answers at once; each costs an RTCPeerConnection, of which browsers have 500. */
export const MAX_DIALS = 8;
/** Lines beyond these, for nodes that this one has chosen itself: those that others name may be made up, and never answer. */
export const CHOSEN_DIALS = 4;
/** Wait before signaling is tried again, doubled each time up to the maximum. */
export const RECONNECT_MIN_MS = 500;
export const RECONNECT_MAX_MS = 15_000;
/** How often a node that had to use a later signaling server tries the earlier ones. */
export const EARLIER_SERVER_MS = 30_000;

/** Up to this many nodes, everybody is linked to everybody. */
export const FULL_MESH_NODES = 32;
/** Nodes of a room that a node remembers: some 2 kB each. */
export const MAX_NODES = 2_048;
/** Links at once, jobs of distant askers included; each costs an RTCPeerConnection, of which browsers have 500. */
export const MAX_LINKS = 64;
/** Heartbeats at most this often. */
export const HEARTBEAT_MS = 1_000;
/** A link that has given way to another is closed after this time without a job; what is on its way over it still counts. */
export const RUN_OUT_MS = 5_000;
/** Time limit for the first frame after the handshake. */
export const HELLO_TIMEOUT_MS = 5_000;

/** Tokens that arrive within this time travel in one frame. */
export const COALESCE_MS = 16;
/** A job that waits or prefills says so at least this often … */
export const JOB_SIGN_MS = 4_000;
/** … and a job of which nothing was heard for this long is lost. */
export const JOB_SILENCE_MS = 15_000;
/** Longest time from a request to the end of its answer. */
export const MAX_DEADLINE_MS = 60 * 60_000;
/** A running job shows its first token within this time, however long the prompt is, or its engine hangs. */
export const FIRST_TOKEN_MS = 120_000;
/** Jobs that may wait here, beyond those that run: more would wait longer than anybody likes. */
export const MAX_QUEUED_JOBS = 8;
/** Jobs of one peer here at once. */
export const MAX_JOBS_PER_PEER = 8;

export const MAX_NAME_CHARS = 40;
export const MAX_DEVICE_CHARS = 80;
export const MAX_GPU_CHARS = 120;
/** Models that one node offers. */
export const MAX_OFFERS = 64;
/** Ids of added models are URLs. */
export const MAX_MODEL_CHARS = 500;
export const MAX_MESSAGES = 2_000;
export const MAX_REQUEST_BYTES = 2 * 1024 * 1024;
/** The name of the part of a request that was refused. */
export const MAX_FIELD_CHARS = 120;
/** Inputs of one job for embeddings; whoever has more of them makes several jobs. */
export const MAX_JOB_INPUTS = 64;
/** Vectors of such a job: 8,192 numbers for each input, more than any model gives. */
export const MAX_VECTORS_BYTES = MAX_JOB_INPUTS * 8_192 * 4;
export const MAX_TOKENS_FRAME_BYTES = 256 * 1024;

/** Founders of a room; a quorum of more could hardly be gathered. */
export const MAX_FOUNDERS = 8;
/** Longest name that a node accepts in a charter or an invite … */
export const MAX_ROOM_NAME_CHARS = 80;
/** … and the longest that it gives to a new room. */
export const MAX_NEW_ROOM_NAME_CHARS = 40;
/** Words of the founders in a charter. */
export const MAX_CHARTER_TEXT_CHARS = 2_000;
/** Dids or models that a charter names. */
export const MAX_CHARTER_LIST = 256;
/** Signaling servers of a room. */
export const MAX_SERVERS = 8;
export const MAX_SERVER_CHARS = 300;
/** Removals in the life of a room: each permanently costs its members some 400 bytes. */
export const MAX_EPOCHS = 128;
/** All epochs of a room as they are handed on. */
export const MAX_EPOCHS_BYTES = 256 * 1024;
export const MAX_EPOCH_LIST = 256;
/** How often members whose delegation may have ended are examined again. */
export const REEXAMINE_MS = 60_000;
/** Admissions between a node and a founder. */
export const MAX_PROOF_STEPS = 8;
/** People whom a member may bring in, including those whom they bring in, unless the rules say another number. */
export const STANDARD_PEOPLE = 32;
/** The largest such number: more would be a full room. */
export const MAX_PEOPLE = MAX_NODES;
/** A guest may give away this part of the places that its member has left: so about half of them go to guests, and half to theirs. */
export const GUEST_SHARE = 1 / 8;
/** Places that a node remembers to be taken, of all members: twice the members that it remembers. */
export const MAX_TAKEN_PLACES = 2 * MAX_NODES;
/** Members that gave a place away twice, of whom a node keeps the evidence. */
export const MAX_DOUBLES = 64;
/** Revocations that members take from each other at once: anybody can make up houses that revoke. */
export const MAX_REVOCATIONS = 256;
/** Number of revocations that a new member is told about; as many may be passed on at the same time. */
export const MAX_TOLD_REVOCATIONS = MAX_REVOCATIONS / 2;
/** How long an invite is valid by default, in days. */
export const INVITE_DAYS = 30;

/** A founder's node confirms the epoch of the room again when the last confirmation is this old … */
export const HEAD_RENEW_MS = 12 * 60 * 60_000;
/** … and checks its age this often. */
export const HEAD_CHECK_MS = 60 * 60_000;
/** A newcomer asks a second member if the last confirmation is older: founders' devices need not be on every day. */
export const HEAD_FRESH_MS = 2 * 24 * 60 * 60_000;
/** How long a newcomer waits for that second member. */
export const SECOND_DOOR_MS = 3_000;

/** Guests at the door of one member at once. */
export const MAX_GUESTS = 16;
/** How long a guest may look at the charter while its line is open: reading takes time. */
export const PREVIEW_TIMEOUT_MS = 5 * 60_000;
/** How long somebody may knock before they are told that nobody opens. */
export const KNOCK_TIMEOUT_MS = 30 * 60_000;
/** How long a guest that was refused may take to read why. */
export const GOODBYE_MS = 3_000;
/** After a refusal at one door, how long a guest waits for another one to open. */
export const REFUSED_AFTER_MS = 3_000;
/** How long a member that broke the protocol is kept out: short at first, since it may be a fault, and doubled each time. */
export const SHUN_MIN_MS = 30_000;
export const SHUN_MAX_MS = 10 * 60_000;
/** Members of which a node remembers that they are kept out. */
export const MAX_SHUNNED = 256;
/** The reason with which a member that leaves ends its links. */
export const LEFT_ROOM = "left the room";
