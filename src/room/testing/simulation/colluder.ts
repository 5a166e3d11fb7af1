/**
 * A member of the simulation that runs a program of its own: it was let in as anybody is, and then works against the room together
 * with others of its kind.
 */
import { type Bytes, type Did, type PeerId, cborField, encodeCbor, randomId } from "../../../core";
import { makeEphemeralKey } from "../../../identity";
import { OFFER } from "../../../inference/testing/toy-provider";
import { type AuthenticatedLine, type Endpoint, Link, type RawLink, authenticate } from "../../../wire";
import { frameToMessages } from "../../../wire/framing";
import { Door } from "../../door/door";
import { DOOR_FRAMES } from "../../door/protocol";
import { FrameReader } from "../../frames/frame-reader";
import { type Statement, signCard } from "../../gossip/statements";
import { Membership } from "../../membership";
import { memberContext } from "../founding";
import type { Network } from "./network";
import type { SimulatedNode } from "./room";

/** The ways to treat newcomers that come to a slot. */
export const TRICKS = [
  "is silent",
  "refuses",
  "stalls",
  "lets in, and shows only its friends",
  "refuses late",
  "lets wait",
] as const;
/** How it treats jobs: it falls silent after it has taken them, answers nonsense, or gives up in the middle. */
const ANSWERS = ["silence", "nonsense", "failure"] as const;
/** Tokens a second that it says it makes: nobody makes as many. */
const CLAIMED_RATE = 1_000_000;
const DIAL_MS = 8_000;

/** The knowledge that colluders share. */
export interface Gang {
  readonly network: Network;
  /** Where each of them can be dialled. */
  readonly members: Map<Did, PeerId>;
  /** Cards of keys that they have made up. */
  readonly cards: Statement[];
  /** Keys that each of them makes up. */
  readonly keys: number;
  /** The way in which all of them treat newcomers; else each has its own. */
  trick?: (typeof TRICKS)[number];
}

/** One link to an honest node. */
interface HostileLink {
  readonly did: Did;
  readonly isOpen: boolean;
  send(kind: string, body: unknown): void;
  /** Sends messages that were made before. */
  sendAll(messages: readonly Bytes[]): void;
  close(): void;
}

/** One hostile member. */
export class Colluder {
  readonly links = new Map<Did, HostileLink>();
  readonly did: Did;
  readonly #node: SimulatedNode;
  readonly #gang: Gang;
  readonly #own: Membership;
  readonly #index: number;
  readonly #door: Door;
  readonly #held = new Map<string, Endpoint>();
  readonly #session = randomId(16);
  #stopped = false;
  #endpoint: Endpoint | undefined;
  #card: Statement | undefined;

  /** `node` was let in and goes over to the others. */
  constructor(node: SimulatedNode, gang: Gang, index: number) {
    this.#node = node;
    this.#gang = gang;
    this.#index = index;
    this.did = node.signer.did;
    this.#own = new Membership(memberContext(node.signer), node.kept.parts!);
    this.#door = new Door({
      membership: this.#own,
      inside: () => [],
      addressOf: () => undefined,
      owners: () => [],
      tell: () => undefined,
      introduce: (raw) => void this.#meet(raw).catch(() => undefined),
    });
  }

  /** Appears at an address, and lets keys of its own in. */
  async start(): Promise<void> {
    const address = randomId(16) as PeerId;
    this.#endpoint = await this.#open(address, (raw) => this.#meet(raw));
    this.#gang.members.set(this.did, address);
    const about = { room: this.#own.genesis.hash, session: this.#session, stamp: Date.now() };
    this.#card = await this.#cardOf(this.#node.signer, address);
    for (let i = 0; i < this.#gang.keys; i++) {
      const key = await makeEphemeralKey();
      // Nobody is at this address.
      const terms = { ...this.#terms(), address: randomId(16) };
      const { proof } = await this.#own.admit(key.did, undefined);
      this.#gang.cards.push({ ...(await signCard(key, { ...about, terms })).card, proof });
    }
  }

  /** Takes one of these slots if it is free. */
  async squat(ids: readonly string[], random: () => number): Promise<void> {
    const id = ids[Math.floor(random() * ids.length)]!;
    if (this.#held.has(id)) return;
    const endpoint = await this.#open(id, (raw) => this.#receive(raw)).catch(() => undefined);
    if (!endpoint) return;
    this.#held.set(id, endpoint);
    this.#card = await this.#cardOf(this.#node.signer, this.#endpoint!.id as PeerId, ids.indexOf(id));
    for (const link of this.links.values()) link.send("gossip", { statements: [this.#card] });
  }

  /** Links to an honest node, unless it is linked already. */
  async dial(did: Did, address: string): Promise<void> {
    if (this.links.has(did) || !this.#endpoint || this.#stopped) return;
    const raw = await this.#endpoint
      .dial(address, { timeoutMs: DIAL_MS, signal: new AbortController().signal })
      .catch(() => undefined);
    if (raw) await this.#meet(raw).catch(() => undefined);
  }

  stop(): void {
    this.#stopped = true;
    this.#door.close();
    for (const link of this.links.values()) link.close();
    this.#endpoint?.close();
    for (const endpoint of this.#held.values()) endpoint.close();
  }

  async #open(id: string, onLink: (raw: RawLink) => Promise<void>): Promise<Endpoint> {
    const { signal } = new AbortController();
    const endpoint = await this.#gang.network.transport(this.#node.host).open(id, { signal });
    if (endpoint === "taken") throw new Error("it is taken");
    endpoint.onLink = (raw) => void onLink(raw).catch(() => undefined);
    return endpoint;
  }

  /** Somebody looks for the room at a slot. */
  async #receive(raw: RawLink): Promise<void> {
    const trick = this.#gang.trick ?? TRICKS[this.#index % TRICKS.length];
    if (trick === "is silent") return;
    const line = await this.#authenticate(raw);
    if (!line.peer.token) return this.#link(line);
    if (trick === "lets in, and shows only its friends") return this.#door.receive(line);
    const { genesis, charter, epochs, proof, word } = this.#own;
    const head = word.current && { head: word.current.frame };
    const link = new Link(line, DOOR_FRAMES);
    const reader = new FrameReader(link);
    const rules = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data.records };
    await link.send("guest.member", { ...rules, proof, ...head });
    if (trick !== "refuses") {
      await link.send("guest.welcome", { inside: [] });
      await reader.take(["guest.hello"]);
      await reader.take(["guest.knock"], DIAL_MS);
    }
    if (trick === "lets wait") await link.send("guest.waiting", {});
    else if (trick !== "stalls") await link.send("guest.refused", { reason: "Nobody wants this device here." });
  }

  #authenticate(raw: RawLink): Promise<AuthenticatedLine> {
    const { signer, genesis } = this.#own;
    return authenticate(raw, { signer, agent: "hostile/1", roomId: genesis.roomId, claim: this.#own.claim() });
  }

  async #meet(raw: RawLink): Promise<void> {
    await this.#link(await this.#authenticate(raw));
  }

  /** Answers as a member does, and says from then on what it likes. */
  async #link({ raw, peer }: AuthenticatedLine): Promise<void> {
    const send = (messages: readonly Bytes[]): void => {
      try {
        for (const message of messages) raw.control.send(message);
      } catch {
        // It was closed meanwhile.
      }
    };
    let isOpen = true;
    const link: HostileLink = {
      did: peer.did,
      get isOpen() {
        return isOpen;
      },
      send: (kind, body) => send(frameToMessages(kind, encodeCbor(body))),
      sendAll: send,
      close: () => raw.close("done"),
    };
    void raw.closed.then(() => {
      isOpen = false;
      if (this.links.get(peer.did) === link) this.links.delete(peer.did);
    });
    raw.control.listen((message) => this.#hear(link, message));
    const { version, hash } = this.#own.charter;
    link.send("hello", {
      session: this.#session,
      bootstrap: false,
      proof: this.#own.proof,
      charter: { version, hash },
    });
    link.send("members", this.#friends());
    this.links.set(peer.did, link);
    if (this.#card) link.send("gossip", { statements: [this.#card, ...this.#sampleOfCards()] });
    // It offers to answer, faster than anybody.
    link.send("heartbeat", this.#terms());
  }

  /** Only colluders, and addresses at which nobody is. */
  #friends(): unknown {
    const friends = [...this.#gang.members].slice(this.#index % 8, (this.#index % 8) + 16);
    const peers = friends.map(([did, address]) => ({ did, address }));
    return { address: this.#endpoint?.id, peers };
  }

  #sampleOfCards(): Statement[] {
    const { cards, keys } = this.#gang;
    const from = (this.#index * keys) % Math.max(1, cards.length);
    return cards.slice(from, from + 48);
  }

  #terms() {
    const load = { running: 0, queued: 0, tokenRate: CLAIMED_RATE, visible: true };
    const offers = [{ ...OFFER, prefillRate: CLAIMED_RATE, decodeRate: CLAIMED_RATE }];
    return { name: "made up", device: "hostile", gpu: "", sharing: true, load, offers };
  }

  async #cardOf(signer: SimulatedNode["signer"], address: PeerId, slot?: number): Promise<Statement> {
    const terms = { ...this.#terms(), address, ...(slot !== undefined && { slot }) };
    const about = { room: this.#own.genesis.hash, session: this.#session, stamp: Date.now(), terms };
    return { ...(await signCard(signer, about)).card, proof: this.#own.proof };
  }

  #hear(link: HostileLink, message: Bytes): void {
    if (message[0] === 2) return;
    const end = 2 + (message[1] ?? 0);
    const kind = String.fromCharCode(...message.subarray(2, end));
    const body = message.subarray(message[0] === 1 ? end + 4 : end);
    // A link that does not answer pings would end.
    if (kind === "ping") link.sendAll(frameToMessages("pong", body.slice()));
    if (kind !== "job.request") return;
    const id = cborField(body, ["id"]);
    link.send("job.accepted", { id, position: 0, etaMs: 1 });
    const how = ANSWERS[this.#index % ANSWERS.length]!;
    if (how === "failure") link.send("job.failed", { id, code: "internal", message: "It does not like it." });
    if (how !== "nonsense") return;
    link.send("job.tokens", { id, seq: 0, text: "nonsense", ids: [1] });
    const usage = { promptTokens: 1, completionTokens: 1, cachedTokens: 0, prefillMs: 1, decodeMs: 1 };
    link.send("job.done", { id, frames: 1, finishReason: "stop", usage });
  }
}
