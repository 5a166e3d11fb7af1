/** The handshake as a member, also with those who are in another epoch or who broke the protocol a moment ago. */
import { type Did, MicrogridError, putNewest } from "../../core";
import { type AuthenticatedLine, type RawLink, authenticate } from "../../wire";
import { MAX_SHUNNED, SHUN_MAX_MS, SHUN_MIN_MS } from "../constants";
import type { Membership } from "../membership";

/** Removals that two halves of a room may have made without each other. */
const MAX_FORK_DEPTH = 4;

/** A line whose other end has proved to know a secret of the room. */
interface MemberLine extends AuthenticatedLine {
  /** How many epochs before its own this node has proved. */
  readonly back: number;
}

/** Runs the handshakes of one membership. */
export class MemberHandshake {
  readonly #membership: Membership;
  readonly #agent: string;
  /** How many epochs back the next handshake begins after the secrets did not match: the room may have forked. */
  #back = 0;
  /** Nodes that broke the protocol: until when they are kept out, and for how long they were last time. */
  readonly #shunned = new Map<Did, { readonly until: number; readonly ms: number }>();

  constructor(membership: Membership, agent: string) {
    this.#membership = membership;
    this.#agent = agent;
  }

  /** Throws `handshake-failed`, `peer-protocol`, or `peer-lost` (also if the node is shunned); the line is closed then. */
  async run(raw: RawLink): Promise<MemberLine> {
    const { signer, genesis, epochs } = this.#membership;
    const back = raw.offerer ? this.#back : 0;
    const claim = this.#membership.claim(back);
    try {
      const refuses = (did: Did): boolean => this.isShunned(did);
      const line = await authenticate(raw, { signer, agent: this.#agent, roomId: genesis.roomId, claim, refuses });
      this.#back = 0;
      return { ...line, back };
    } catch (error) {
      const forked = error instanceof MicrogridError && error.code === "handshake-failed" && raw.offerer;
      if (forked) this.#back = (back + 1) % (Math.min(epochs.head.n, MAX_FORK_DEPTH) + 1);
      throw error;
    }
  }

  isShunned(did: Did): boolean {
    return (this.#shunned.get(did)?.until ?? 0) > performance.now();
  }

  /** Keeps out who broke the protocol: for longer each time. */
  shun(did: Did): void {
    const ms = Math.min(2 * (this.#shunned.get(did)?.ms ?? SHUN_MIN_MS / 2), SHUN_MAX_MS);
    putNewest(this.#shunned, did, { until: performance.now() + ms, ms }, MAX_SHUNNED);
  }
}
