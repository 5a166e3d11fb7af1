/** Nodes of rooms over an in-memory signaling server, for tests of what several of them do together. */
import { expect, vi } from "vitest";
import { type Signed, type Signer, makeEphemeralKey } from "../../identity";
import type { GenerationEvent } from "../../inference";
import { ToyProvider } from "../../inference/testing/toy-provider";
import type { MemorySignaling } from "../../wire/testing/memory-transport";
import type { Invite } from "../invite/invite";
import type { SignedTerms, MembershipParts } from "../membership";
import { type RoomOptions, RoomSession } from "../room-session";
import { BARE_NODE, type FoundedRoom, foundTestRoom, memberContext } from "./founding";

/** A node in a room, or on its way into one. */
export interface TestNode {
  readonly session: RoomSession;
  readonly signer: Signer;
  readonly did: string;
  readonly toy: ToyProvider;
  /** The data that it would have stored for its next start. */
  readonly kept: { parts: MembershipParts | undefined };
  /** The reason why it is out of the room, if it is. */
  readonly out: { reason: string | undefined };
}

/** All nodes of a test, on one signaling server. */
export class TestNodes {
  readonly signaling: MemorySignaling;
  readonly #sessions: RoomSession[] = [];

  constructor(signaling: MemorySignaling) {
    this.signaling = signaling;
  }

  /** The founder of a new room enters it. `others` are founders too. */
  async open(
    terms: Partial<SignedTerms> = {},
    options: { readonly others?: readonly Signer[]; readonly quorum?: number } = {},
  ): Promise<TestNode & FoundedRoom> {
    const room = await foundTestRoom(terms, options);
    return { ...room, ...(await this.start({ membership: room.parts }, room.founder)) };
  }

  /** Lets somebody enter with an invite; `delegation` is that of its house. */
  async enter(invite: Invite, signer?: Signer, delegation?: Signed): Promise<TestNode> {
    return this.start({ invite }, signer ?? (await makeEphemeralKey()), delegation);
  }

  /** Lets a member enter again with its stored data. */
  comeBack({ kept, signer }: TestNode): Promise<TestNode> {
    return this.start({ membership: kept.parts! }, signer);
  }

  async start(entry: RoomOptions["entry"], signer: Signer, delegation?: Signed): Promise<TestNode> {
    const toy = new ToyProvider(signer.did);
    const kept: TestNode["kept"] = { parts: undefined };
    const out: TestNode["out"] = { reason: undefined };
    const about = { name: "node", device: "test", gpu: "", visible: true, battery: undefined };
    const session = await RoomSession.enter({
      ...BARE_NODE,
      delegation: () => delegation,
      entry,
      member: memberContext(signer),
      keep: (parts) => (kept.parts = parts),
      local: toy,
      hand: this.signaling.hand,
      openTransport: () => Promise.resolve(this.signaling),
      profile: () => ({ ...about, tokenRate: 0, ownJobs: 0 }),
    });
    this.#sessions.push(session);
    session.on("out", (error) => (out.reason = error.message));
    return { session, signer, did: signer.did, toy, kept, out };
  }

  leave(): void {
    for (const session of this.#sessions.splice(0)) session.leave();
  }
}

/** Waits until each of these nodes sees all others of them, and nobody else. */
export function together(nodes: readonly TestNode[]): Promise<void> {
  return eventually(() => {
    for (const node of nodes) {
      const others = nodes.filter((other) => other !== node).map(({ did }) => did);
      expect(node.session.peers.map(({ id }) => id as string).sort()).toEqual(others.sort());
    }
  });
}

/** Waits until an expectation holds. */
export function eventually(expectation: () => void): Promise<void> {
  return vi.waitFor(expectation);
}

/** The whole text of an answer. */
export function collect(stream: AsyncIterable<GenerationEvent>): Promise<string> {
  const collected = (async () => {
    let text = "";
    for await (const event of stream) if (event.type === "token") text += event.text;
    return text;
  })();
  // A test that fails before it waits for this has said what is wrong already.
  collected.catch(() => undefined);
  return collected;
}
