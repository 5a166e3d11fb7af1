/** Nodes that gossip with their neighbours and do nothing else, for tests of gossip. */
import { type Did, MicrogridError } from "../../core";
import { type Signer, makeEphemeralKey } from "../../identity";
import { FrameLimits, parseFrame } from "../../wire/frames";
import { type FrameHandlers, dispatch } from "../frames/handlers";
import { MemberDirectory } from "../gossip/directory";
import { GOSSIP_FRAMES, type GossipFrame } from "../gossip/frames";
import type { NeighbourLine } from "../gossip/neighbours";
import type { CardTerms, Statement } from "../gossip/statements";
import type { Standing } from "../membership";
import { seededRandom } from "./simulation/chance";
import { VirtualClock } from "./simulation/clock";

const STANDING: Omit<Standing, "branch"> = { founder: false, house: undefined, admittedBy: [], until: Infinity };
export const ROOM = new Uint8Array(32);
/** Stands for any proof: the rules of these tests look only at the node that shows it. */
export const PROOF = [{}];

export interface GossipNode {
  readonly signer: Signer;
  readonly directory: MemberDirectory;
  /** The reasons for which its neighbours cut the link to it. */
  readonly cut: string[];
  readonly sent: GossipFrame[];
  model: string;
}

/** Nodes on one clock, which is not that of the machine. Call `close` at the end of a test. */
export class GossipNodes {
  /** The nodes that no proof lets in. */
  readonly outsiders = new Set<Did>();
  readonly #clock = new VirtualClock();
  readonly #restore = this.#clock.install(seededRandom(1));
  readonly #nodes: GossipNode[] = [];

  /** Makes `count` nodes in a row, each linked only to the next. */
  async chain(count: number): Promise<GossipNode[]> {
    const row: GossipNode[] = [];
    for (let i = 0; i < count; i++) row.push(await this.#make());
    await this.pass(1_000);
    for (let i = 1; i < count; i++) linkNodes(row[i - 1]!, row[i]!);
    await this.pass(30_000);
    return row;
  }

  pass(ms: number): Promise<void> {
    return this.#clock.pass(ms);
  }

  /** Ends all nodes, so that others can begin on the same clock. */
  end(): void {
    for (const { directory } of this.#nodes.splice(0)) directory.close();
  }

  close(): void {
    this.end();
    this.#restore();
  }

  async #make(): Promise<GossipNode> {
    const signer = await makeEphemeralKey();
    const node: GossipNode = {
      signer,
      cut: [],
      sent: [],
      model: "toy",
      directory: new MemberDirectory({
        signer,
        room: ROOM,
        session: "0".repeat(32),
        terms: () => terms(node.model),
        proof: () => PROOF,
        vouch: async (did) => {
          if (this.outsiders.has(did)) throw new MicrogridError("peer-refused", "An outsider.");
          return { ...STANDING, branch: did };
        },
      }),
    };
    this.#nodes.push(node);
    node.directory.refresh();
    return node;
  }
}

/** The terms that a node offers on its card, without an address. */
export function terms(model: string): CardTerms {
  const offer = { model, name: model, packageHash: "p", tokenizerHash: "t", contextLength: 1 };
  return {
    name: "node",
    device: "test",
    gpu: "",
    sharing: true,
    load: { running: 0, queued: 0, tokenRate: 0, visible: true },
    offers: [{ ...offer, engine: "onnx", backend: "wasm" }],
  };
}

const handlersOf = ({ directory }: GossipNode): FrameHandlers<typeof GOSSIP_FRAMES, Did> => ({
  gossip: (body, from) => directory.takeStatements(from, body),
  "view.sums": (body, from) => directory.takeSums(from, body),
  "view.list": (body, from) => directory.takeList(from, body),
  "view.pull": (body, from) => directory.takePull(from, body),
});

/** A line between two nodes; frames arrive at once, within the limits of the wire. */
export function linkNodes(a: GossipNode, b: GossipNode): void {
  for (const [from, to, offerer] of [
    [a, b, true],
    [b, a, false],
  ] as const) {
    const limits = new FrameLimits(GOSSIP_FRAMES);
    const send: NeighbourLine["send"] = (kind, body) => {
      limits.admit(kind, performance.now());
      from.sent.push({ kind, body } as GossipFrame);
      queueMicrotask(() =>
        dispatch<typeof GOSSIP_FRAMES, Did>(handlersOf(to), { kind, body } as GossipFrame, from.signer.did),
      );
    };
    from.directory.linked(to.signer.did, {
      charge: () => undefined,
      send,
      sendEncoded: (body) => {
        const frame = parseFrame(GOSSIP_FRAMES, { kind: "gossip", body });
        if (frame.kind === "gossip") send(frame.kind, frame.body);
      },
      accuse: (what) => to.cut.push(what),
      offerer,
    });
  }
}

/** Brings statements to a node, as its neighbour `from` would. */
export const send = (to: GossipNode, from: GossipNode, statements: Statement[]): void =>
  to.directory.takeStatements(from.signer.did, { statements });

/** The stamp of the card of `of` that `by` knows. */
export const stampOf = (by: GossipNode, of: GossipNode): number => by.directory.card(of.signer.did)!.stamp;
