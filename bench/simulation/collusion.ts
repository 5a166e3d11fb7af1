/** Measures a simulated room of which some members collude: what they take from the others, and from those who want to join. */
import type { Did, PeerId } from "../../src/core";
import { randomId } from "../../src/core";
import { makeEphemeralKey } from "../../src/identity";
import { type Statement, signCard } from "../../src/room/gossip/statements";
import { Colluder, type Gang } from "../../src/room/testing/simulation/colluder";
import { seededRandom } from "../../src/room/testing/simulation/chance";
import type { Host } from "../../src/room/testing/simulation/network";
import { type SimulatedNode, SimulatedRoom } from "../../src/room/testing/simulation/room";
import { dayOf, slotIds } from "../../src/room/signaling/slots";
import { type Flood, floods, relayed } from "./flood";
import { type JobFigures, type NewcomerFigures, askForAnswers, letNewcomersIn } from "./victims";

/** Time between two nodes that join while the room fills. */
const ENTER_EVERY_MS = 20;
const SETTLE_MS = 20_000;
/** Members that were there first, and are honest. */
const FIRST = 8;
/** Links that each colluder keeps: as many as a node may have. */
const LINKS_EACH = 64;
/** Colluders begin to link within this time, and look for links that they have lost this often. */
const LINK_WITHIN_MS = 3_000;
const LINK_AGAIN_MS = 15_000;
/** Honest nodes whose thread is measured. All colluders link to them, and flood them. */
const OBSERVED = 2;
const FLOOD_MS = 120_000;
const FLOOD_EVERY_MS = 250;
/** How often the flood tells how long it goes on, in simulated time. */
const TELL_EVERY_MS = 20_000;
/** Bytes a second that one colluder's line carries, over all its links. */
const LINE_BYTES_PER_SECOND = 12_500_000;
/** How often each colluder tries a slot. */
const SQUAT_MS = 1_000;
/** Honest holders of slots that leave during the attack, one after another. */
const HOLDERS_THAT_LEAVE = 2;
const LEAVE_EVERY_MS = 20_000;
const LOOK_MS = 100;
/** The jobs that each honest member runs at once, and takes this long for a token. */
const JOBS_AT_ONCE = 2;
const TOKEN_MS = 20;
/** Cards for the flood: made-up keys, and cards of each. */
const FLOOD_KEYS = 64;
const CARDS_EACH = 8;

/** The measurements. All times are simulated, in ms; shares of threads are in percent of simulated time, by the processor's clock. */
export interface CollusionFigures extends NewcomerFigures, JobFigures {
  readonly nodes: number;
  readonly colluders: number;
  /** Time in which no honest member held a slot, of the time of the attack. */
  readonly unfindableMs: number;
  readonly attackMs: number;
  /** Time that messages of colluders and of honest members took from the thread of each observed node, handshakes included. */
  readonly hostilePercent: readonly number[];
  readonly honestPercent: readonly number[];
  readonly honestLinks: readonly number[];
  readonly hostileLinks: readonly number[];
  /** Entries in the tables of each observed node: cards of members. */
  readonly known: readonly number[];
  /** Heap of the whole simulation, divided by the number of honest nodes, before the attack and after the flood. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

interface CollusionOptions {
  readonly nodes: number;
  readonly colluders: number;
  /** Keys that each colluder makes up. */
  readonly keys: number;
}

/** Fills a room, lets a part of it collude, and measures what the others notice of that. */
export async function measureCollusion(
  options: CollusionOptions,
  say: (text: string) => void,
): Promise<CollusionFigures> {
  const room = await SimulatedRoom.open();
  try {
    return await new Attack(room, options, say).run();
  } finally {
    room.close();
  }
}

class Attack {
  readonly #room: SimulatedRoom;
  readonly #options: CollusionOptions;
  readonly #say: (text: string) => void;
  readonly #random = seededRandom(2);
  readonly #hostile = new Set<Host>();
  readonly #colluders: Colluder[] = [];
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #gang: Gang;
  #observed: readonly SimulatedNode[] = [];
  #slots: readonly string[] = [];
  #unfindableMs = 0;

  constructor(room: SimulatedRoom, options: CollusionOptions, say: (text: string) => void) {
    this.#room = room;
    this.#options = options;
    this.#say = say;
    this.#gang = { network: room.network, members: new Map(), cards: [], keys: options.keys };
  }

  async run(): Promise<CollusionFigures> {
    const { nodes, colluders } = this.#options;
    await this.#fill();
    const bytesBefore = this.#bytesPerNode();
    const begunAt = this.#room.clock.now;
    await this.#begin();
    const threads = await this.#flood();
    const bytesAfter = this.#bytesPerNode();
    await this.#holdersLeave();
    const newcomers = await letNewcomersIn(this.#room, this.#say);
    this.#say(`${newcomers.cameIn} of ${newcomers.newcomers} newcomers came in`);
    const jobs = await askForAnswers(this.#room, this.#random, this.#say);
    for (const timer of this.#timers) clearInterval(timer);
    for (const each of this.#colluders) each.stop();
    const attackMs = this.#room.clock.now - begunAt;
    const unfindableMs = this.#unfindableMs;
    const known = this.#observed.map(({ session }) => session.requireInside().size);
    const room = { nodes, colluders, bytesBefore, bytesAfter, known, unfindableMs, attackMs };
    return { ...room, ...threads, ...newcomers, ...jobs };
  }

  async #fill(): Promise<void> {
    const { nodes } = this.#options;
    const { clock } = this.#room;
    await clock.passWhile(this.#enter());
    const entering: Promise<unknown>[] = [];
    for (let i = 1; i < nodes; i++) {
      entering.push(this.#enter());
      await clock.pass(ENTER_EVERY_MS);
      if (i % 100 === 0) this.#say(`${i} of ${nodes} nodes have come`);
    }
    await clock.passWhile(Promise.all(entering));
    this.#say(`all ${nodes} nodes are in`);
    await clock.pass(SETTLE_MS);
    this.#say("the room has settled");
    const { epochs } = this.#first.session.requireInside().membership;
    this.#slots = await slotIds((await epochs.rendezvousSecrets())[0], dayOf(Date.now()));
  }

  /** A member that shares its device from the start, as colluders do until they go over. */
  async #enter(): Promise<void> {
    const { session, toy } = await this.#room.enter();
    toy.beforeToken = () => new Promise((resolve) => setTimeout(resolve, TOKEN_MS));
    session.share({ maxJobs: JOBS_AT_ONCE, models: new Set(["toy"]) }, false);
  }

  /** Members go over that are spread over the room. They hold no slot yet, and take all that are free. */
  async #begin(): Promise<void> {
    const { clock } = this.#room;
    const holders = this.#holders();
    const others = [...this.#room.nodes].slice(FIRST).filter(({ host }) => !holders.includes(host));
    const step = Math.max(1, Math.floor(others.length / this.#options.colluders));
    const turned = others.filter((_, i) => i % step === 0).slice(0, this.#options.colluders);
    for (const [i, node] of turned.entries()) {
      this.#hostile.add(node.host);
      this.#colluders.push(new Colluder(node, this.#gang, i));
      this.#room.leave(node);
    }
    const honest = [...this.#room.nodes];
    this.#observed = honest.slice(FIRST - OBSERVED, FIRST);
    await clock.passWhile(Promise.all(this.#colluders.map((each) => each.start())));
    for (const [i, colluder] of this.#colluders.entries()) {
      const others = honest.filter((node) => !this.#observed.includes(node)).sort(() => this.#random() - 0.5);
      const targets = [...this.#observed, ...others.slice(0, LINKS_EACH - OBSERVED)];
      const link = (): void => {
        for (const node of targets) {
          const address = this.#addressOf(node);
          if (address !== undefined) void colluder.dial(node.signer.did, address);
        }
      };
      setTimeout(link, (i * LINK_WITHIN_MS) / this.#colluders.length);
      this.#every(LINK_AGAIN_MS, link);
      this.#every(SQUAT_MS, () => void colluder.squat(this.#slots, this.#random));
    }
    // The room can be found while an honest member holds a slot.
    this.#every(LOOK_MS, () => {
      if (this.#holders().every((host) => this.#hostile.has(host))) this.#unfindableMs += LOOK_MS;
    });
    await clock.pass(SETTLE_MS);
    this.#say(`${turned.length} of ${this.#options.nodes} nodes collude; slots: ${this.#sides()}`);
  }

  /** All colluders send to the observed nodes what their links survive. */
  async #flood() {
    const { clock } = this.#room;
    const spent = this.#observed.map(({ host }) => {
      const sums = { hostile: 0, honest: 0 };
      host.receive = (from, arrive) => {
        clock.charge((ms) => (sums[this.#hostile.has(from) ? "hostile" : "honest"] += ms));
        arrive();
      };
      return sums;
    });
    const all = floods(await this.#freshCards());
    // Colluders whose link was ended send less.
    const eagerness = new Map(this.#colluders.map((each) => [each, 1]));
    let ended = 0;
    let toldAt = clock.now;
    for (const end = clock.now + FLOOD_MS; clock.now < end;) {
      if (clock.now - toldAt >= TELL_EVERY_MS) {
        toldAt = clock.now;
        this.#say(`the flood goes on for ${(end - clock.now) / 1_000} s`);
      }
      const sent = this.#colluders.flatMap((colluder) => {
        const links = this.#observed.flatMap(({ signer }) => colluder.links.get(signer.did) ?? []);
        const share = (eagerness.get(colluder)! * FLOOD_EVERY_MS) / 1_000;
        for (const link of links)
          this.#send([...all, relayed(colluder.did, link.did)], link.sendAll, share, links.length);
        return links.map((link) => ({ colluder, link }));
      });
      await clock.pass(FLOOD_EVERY_MS);
      for (const { colluder } of sent.filter(({ link }) => !link.isOpen)) {
        ended++;
        eagerness.set(colluder, eagerness.get(colluder)! / 2);
      }
    }
    this.#say(`the flood is over; ${ended} links were ended`);
    for (const { host } of this.#observed) host.receive = (_, arrive) => arrive();
    const hostileLinks = this.#observed.map(({ signer }) => this.#linksTo(signer.did));
    return {
      hostilePercent: spent.map(({ hostile }) => (100 * hostile) / FLOOD_MS),
      honestPercent: spent.map(({ honest }) => (100 * honest) / FLOOD_MS),
      hostileLinks,
      honestLinks: this.#observed.map(({ session }, i) => session.requireInside().links - hostileLinks[i]!),
    };
  }

  #send(all: readonly Flood[], send: (messages: Flood["messages"]) => void, share: number, links: number): void {
    let left = (LINE_BYTES_PER_SECOND * share) / links;
    for (const flood of [...all].sort(() => this.#random() - 0.5)) {
      const wanted = flood.perSecond * share;
      const times = Math.floor(wanted) + Number(this.#random() < wanted % 1);
      for (let i = 0; i < times && left > flood.bytes; i++, left -= flood.bytes) send(flood.messages);
    }
  }

  /** Cards of made-up keys that nobody has seen, beside those that the room knows. */
  async #freshCards(): Promise<Statement[]> {
    const room = this.#first.session.requireInside().membership.genesis.hash;
    const load = { running: 0, queued: 0, tokenRate: 0, visible: true };
    const about = { name: "made up", device: "", gpu: "", sharing: false, load, offers: [] };
    const terms = { ...about, address: randomId(16) as PeerId };
    const cards: Statement[] = [...this.#gang.cards];
    for (let key = 0; key < FLOOD_KEYS; key++) {
      const signer = await makeEphemeralKey();
      for (let more = 0; more < CARDS_EACH; more++) {
        const stamp = Date.now() + more;
        cards.push((await signCard(signer, { room, session: randomId(16), stamp, terms })).card);
      }
    }
    return cards;
  }

  /** Honest holders of slots leave, and colluders are faster than anybody who might follow them. */
  async #holdersLeave(): Promise<void> {
    const holding = this.#holders().filter((host) => !this.#hostile.has(host));
    for (const node of [...this.#room.nodes]
      .filter(({ host }) => holding.includes(host))
      .slice(0, HOLDERS_THAT_LEAVE)) {
      this.#room.leave(node);
      await this.#room.clock.pass(LEAVE_EVERY_MS);
    }
    this.#say(`${HOLDERS_THAT_LEAVE} holders have left; slots: ${this.#sides()}`);
  }

  get #first(): SimulatedNode {
    return [...this.#room.nodes][0]!;
  }

  #every(ms: number, task: () => void): void {
    this.#timers.push(setInterval(task, ms));
  }

  #holders(): Host[] {
    return this.#slots.flatMap((id) => this.#room.network.holder(id) ?? []);
  }

  #sides(): string {
    return this.#holders()
      .map((host) => (this.#hostile.has(host) ? "hostile" : "honest"))
      .join(", ");
  }

  #linksTo(did: Did): number {
    return this.#colluders.filter(({ links }) => links.has(did)).length;
  }

  #addressOf({ host }: SimulatedNode): string | undefined {
    return [...host.endpoints].map(({ id }) => id).find((id) => !this.#slots.includes(id));
  }

  #bytesPerNode(): number {
    return process.memoryUsage().heapUsed / this.#room.nodes.size;
  }
}
