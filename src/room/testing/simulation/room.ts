/** A room of simulated nodes: the real `RoomSession` on each, over the simulated network and clock. */
import { type Signer, makeEphemeralKey } from "../../../identity";
import { ToyProvider } from "../../../inference/testing/toy-provider";
import type { Invite } from "../../invite/invite";
import type { MembershipParts } from "../../membership";
import { RoomSession } from "../../room-session";
import { BARE_NODE, type FoundedRoom, foundTestRoom, memberContext } from "../founding";
import { seededRandom } from "./chance";
import { VirtualClock } from "./clock";
import { type Host, Network } from "./network";

const SERVER = "http://signal.example/";

/** One node of the simulation. */
export interface SimulatedNode {
  readonly host: Host;
  readonly signer: Signer;
  readonly toy: ToyProvider;
  readonly session: RoomSession;
  /** When it began to enter, on the virtual clock. */
  readonly enteredAt: number;
  /** Answers for its own user that run now; `session.refresh` tells the room of a change. */
  readonly activity: { ownJobs: number };
  /** The membership that it would have stored for its next start. */
  readonly kept: { parts: MembershipParts | undefined };
  /** Why it is out of the room, if it is. */
  readonly out: { reason: string | undefined };
}

/** A room, its network and its clock. */
export class SimulatedRoom {
  readonly clock: VirtualClock;
  readonly network: Network;
  /** The nodes that are in the room. */
  readonly nodes = new Set<SimulatedNode>();
  readonly #room: FoundedRoom;
  readonly #restore: () => void;
  #founded = false;

  /** From now on the whole process lives on the virtual clock, until `close`. */
  static async open(seed = 1): Promise<SimulatedRoom> {
    const clock = new VirtualClock();
    const random = seededRandom(seed);
    const restore = clock.install(random);
    return new SimulatedRoom(clock, new Network(random), await foundTestRoom({ servers: [SERVER] }), restore);
  }

  private constructor(clock: VirtualClock, network: Network, room: FoundedRoom, restore: () => void) {
    this.clock = clock;
    this.network = network;
    this.#room = room;
    this.#restore = restore;
  }

  /** The founder enters first; each further node opens the invite. Resolves as `RoomSession.enter` does, outside still. */
  async enter(): Promise<SimulatedNode> {
    const enteredAt = this.clock.now;
    const host = this.network.host();
    const founds = !this.#founded;
    this.#founded = true;
    const signer = founds ? this.#room.founder : await makeEphemeralKey();
    const toy = new ToyProvider(signer.did);
    const name = `node ${this.nodes.size}`;
    const activity = { ownJobs: 0 };
    const kept: SimulatedNode["kept"] = { parts: undefined };
    const out: SimulatedNode["out"] = { reason: undefined };
    const session = await RoomSession.enter({
      ...BARE_NODE,
      entry: founds ? { membership: this.#room.parts } : { invite: this.#room.invite },
      member: memberContext(signer),
      keep: (parts) => (kept.parts = parts),
      local: toy,
      hand: this.network.hand(host),
      openTransport: async () => this.network.transport(host),
      profile: () => ({
        name,
        device: "simulated",
        gpu: "",
        visible: true,
        battery: undefined,
        tokenRate: 0,
        ownJobs: activity.ownJobs,
      }),
    });
    session.on("out", ({ message }) => (out.reason = message));
    const node = { host, signer, toy, session, enteredAt, activity, kept, out };
    this.nodes.add(node);
    return node;
  }

  /** Lets in anybody. */
  get invite(): Invite {
    return this.#room.invite;
  }

  /** A node dies without a word. */
  crash(node: SimulatedNode): void {
    this.nodes.delete(node);
    this.network.unplug(node.host);
    // Nothing that it does from here on leaves its host.
    node.session.leave();
  }

  /** A node says good-bye. */
  leave(node: SimulatedNode): void {
    this.nodes.delete(node);
    node.session.leave();
  }

  /** Ends the simulation and gives the process its clock back. */
  close(): void {
    for (const node of this.nodes) node.session.leave();
    this.#restore();
  }
}
