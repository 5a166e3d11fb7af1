/**
 * The directory of members, also of those without a link to this node. Members announce themselves by signed cards,
 * report lost neighbours by signed statements, and compare views now and then (docs/protocol.md, "Above 32 members").
 */
import { type Bytes, type Did, MicrogridError, type PeerId, TypedEventTarget } from "../../core";
import type { Signer } from "../../identity";
import { type Proof, type Standing, sameProof } from "../membership";
import { COMPARE_MS } from "./constants";
import { SeenStatements } from "./seen-statements";
import { compareListing, compareSums } from "./comparing";
import type { GossipBody } from "./frames";
import { type GossipNeighbour, type NeighbourLine, Neighbours } from "./neighbours";
import { OwnAnnouncement } from "./own-announcement";
import { GossipQueue } from "./queue";
import { type Card, type CardTerms, type Checked, type Statement, check, signLoss } from "./statements";
import { type Known, View } from "./view";

interface DirectoryOptions {
  readonly signer: Signer;
  /** Hash of the room's genesis. */
  readonly room: Bytes;
  /** New at every start of this node. */
  readonly session: string;
  /** The current announcement of this node. */
  terms(): CardTerms;
  /** The proof that this node belongs to the room. */
  proof(): Proof;
  /** Checks a node's proof. Throws if the room's rules do not let the node in. */
  vouch(did: Did, proof: Proof): Promise<Standing>;
  readonly random?: () => number;
}

interface DirectoryEvents {
  /** This member came, left or published a new card. */
  change: Did;
}

/** Keeps track of the room's members by gossip. */
export class MemberDirectory extends TypedEventTarget<DirectoryEvents> {
  readonly #options: DirectoryOptions;
  readonly #random: () => number;
  readonly self: Did;
  readonly #view = new View({
    isLinked: (did) => this.#neighbours.has(did),
    forgotten: (did) => this.emit("change", did),
  });
  readonly #neighbours = new Neighbours();
  readonly #queue: GossipQueue;
  readonly #own: OwnAnnouncement;
  readonly #seen = new SeenStatements();
  #comparing: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: DirectoryOptions) {
    super();
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.self = options.signer.did;
    this.#queue = new GossipQueue({
      neighbours: () => this.#neighbours.dids,
      send: (to, statements) => this.#neighbours.send(to, statements),
      random: this.#random,
    });
    this.#own = new OwnAnnouncement({
      ...options,
      random: this.#random,
      nodes: () => this.nodes,
      publish: (card) => {
        this.#queue.add(this.self, card, { urgent: true });
        this.#queue.flush();
      },
    });
    this.#compareLater();
  }

  /** All members that are known of, this node included. */
  get nodes(): number {
    return this.#view.entries.size + 1;
  }

  /** The cards of the other members. */
  get cards(): readonly Card[] {
    return [...this.#view.entries.values()].map(({ card }) => card);
  }

  /** The ids of the other members. */
  dids(): Did[] {
    return [...this.#view.entries.keys()];
  }

  card(did: Did): Card | undefined {
    return this.#view.entries.get(did)?.card;
  }

  /** The standing that a member has proved. */
  standing(did: Did): Standing | undefined {
    return this.#view.entries.get(did)?.standing;
  }

  /** Whether one more member of this standing could be kept in mind. */
  hasPlaceFor(standing: Standing): boolean {
    return this.#view.hasPlaceFor(standing);
  }

  /** Where it says that it can be dialled. */
  addressOf(did: Did): PeerId | undefined {
    return this.card(did)?.address as PeerId | undefined;
  }

  /** Whether a word of its loss goes round that it has not contradicted. */
  suspected(did: Did): boolean {
    return this.#view.entries.get(did)?.suspicion !== undefined;
  }

  /** Call when this node's announcement may have changed. */
  refresh(): void {
    if (!this.#closed) this.#own.refresh();
  }

  /** A link to a member is up: from now on it is a neighbour. The side that dialled begins to compare. */
  linked(did: Did, line: NeighbourLine & { readonly offerer: boolean }): void {
    this.#neighbours.add(did, line);
    if (this.#own.card) this.#neighbours.send(did, [this.#own.card]);
    if (line.offerer) this.#compare(did);
  }

  /** A link has ended. `gone`: by itself, or because the node left; the room gets to hear of that. */
  unlinked(did: Did, gone: boolean): void {
    const neighbour = this.#neighbours.remove(did);
    // Its farewell, if it said one, may be among what is being checked.
    if (gone) void neighbour?.intake.then(() => this.missed(did));
  }

  /** A member cannot be reached: unless it contradicts, it is gone. */
  missed(did: Did): void {
    const entry = this.#view.entries.get(did);
    if (!entry || entry.suspicion || this.#closed) return;
    const { stamp } = entry.card;
    const statement = signLoss(this.#options.signer, { room: this.#options.room, did, stamp });
    void statement.then((word) => this.#take({ kind: "loss", did, by: this.self, stamp }, word, undefined, undefined));
  }

  /** The rules of the room have changed for these members, or for all: those that no longer belong to it are forgotten. */
  async reexamine(concerns: (did: Did, standing: Standing) => boolean = () => true): Promise<void> {
    const concerned = [...this.#view.entries].filter(([did, { standing }]) => concerns(did, standing));
    await Promise.all(
      concerned.map(async ([did, entry]) => {
        try {
          this.#view.setStanding(did, entry, await this.#options.vouch(did, entry.statement.proof ?? []));
        } catch {
          if (this.#view.forget(did, entry)) this.emit("change", did);
        }
      }),
    );
  }

  /** Whether an encoded frame of `gossip` says anything new: most of them are copies, and cost no more than this. */
  isNews(from: Did, gossip: Uint8Array): boolean {
    const copies = this.#seen.all(gossip);
    // A neighbour that still sends the card of a node that is gone is told so.
    if (!copies?.every(({ did }) => this.#view.entries.has(did))) return true;
    for (const { did, kind } of copies) this.#queue.known(did, kind, from);
    return false;
  }

  /** Takes news from a neighbour. */
  takeStatements(from: Did, { statements }: GossipBody<"gossip">): void {
    const neighbour = this.#neighbours.get(from);
    if (neighbour) neighbour.intake = neighbour.intake.then(() => this.#takeAll(from, neighbour, statements));
  }

  /** A neighbour compares its view with this node's. */
  takeSums(from: Did, { sums }: GossipBody<"view.sums">): void {
    if (!this.#neighbours.has(from)) return;
    const { news, listing } = compareSums(this.#view.sums(this.#own.entry), sums, this.#view.known(this.#own.entry));
    this.#neighbours.answer(from, this.#statementsOf(news));
    if (listing.parts.length > 0) this.#neighbours.get(from)?.send("view.list", listing);
  }

  /** A neighbour lists what it knows in the parts that differ. */
  takeList(from: Did, list: GossipBody<"view.list">): void {
    if (!this.#neighbours.has(from)) return;
    const evidenceOf = ({ did, stamp }: Known) => this.#view.evidence(did, stamp);
    const { news, obituaries, pull } = compareListing(
      list,
      this.#view.known(this.#own.entry),
      (entry) => evidenceOf(entry) !== undefined,
    );
    const dead = obituaries.flatMap((entry) => evidenceOf(entry) ?? []);
    this.#neighbours.answer(from, [...dead, ...this.#statementsOf(news)]);
    if (pull.length > 0) this.#neighbours.get(from)?.send("view.pull", { dids: pull });
  }

  /** A neighbour asks for cards. */
  takePull(from: Did, { dids }: GossipBody<"view.pull">): void {
    this.#neighbours.answer(from, this.#statementsOf(dids));
  }

  /** Says good-bye to everybody. Synchronous, so that it works while the page goes away. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#comparing);
    this.#view.close();
    this.#queue.close();
    const farewell = this.#own.close();
    if (farewell) for (const did of this.#neighbours.dids) this.#neighbours.send(did, [farewell]);
  }

  async #takeAll(from: Did, neighbour: GossipNeighbour, statements: readonly Statement[]): Promise<void> {
    // Copies are known by their signatures; more than a link's share is dropped, and comparing brings it later.
    const now = performance.now();
    const fresh = statements.filter((statement) => {
      const did = this.#seen.about(statement);
      if (did) this.#queue.known(did, statement.kind, from);
      // A neighbour that still sends the card of a node that is gone is told so.
      const known = did !== undefined && this.#view.entries.has(did);
      return !known && neighbour.statements.take(now);
    });
    const checking = fresh.map(async (statement) => {
      const isNews = (card: Card): boolean => card.did === this.self || this.#view.isNews(card, statement.proof);
      const content = await check(statement, this.#options.room, isNews).catch((error: unknown) => {
        neighbour.accuse(error instanceof MicrogridError ? error.message : "a forged statement");
      });
      return content && { statement, content, standing: await this.#standingOf(content, statement) };
    });
    // They are read up to their signatures by now. The rest takes the thread about as long again, in pieces that nobody can time.
    neighbour.charge(2 * (performance.now() - now));
    const checked = await Promise.all(checking);
    if (this.#closed) return;
    for (const item of checked) if (item) this.#take(item.content, item.statement, item.standing, from);
  }

  /** The standing that a card's proof shows, if the proof is new. */
  async #standingOf({ kind, did }: Checked, { proof }: Statement): Promise<Standing | undefined> {
    if (kind !== "card" || !proof || did === this.self) return undefined;
    const known = this.#view.entries.get(did)?.statement.proof;
    if (known && sameProof(known, proof)) return undefined;
    // The rules here may be older than there. A refused node comes up again when views are compared.
    return this.#options.vouch(did, proof).catch(() => undefined);
  }

  #take(content: Checked, statement: Statement, standing: Standing | undefined, from: Did | undefined): void {
    const { did } = content;
    if (did === this.self) return this.#own.contradict(content);
    const suspected = this.suspected(did);
    const stranger = !this.#view.entries.has(did);
    if (!this.#apply(content, statement, standing)) {
      // Tells a neighbour that the node on its card is gone. If the neighbour is that node, it may object.
      const evidence = content.kind === "card" ? this.#view.evidence(did, content.stamp) : undefined;
      if (from && evidence) this.#neighbours.answer(from, [evidence]);
      return;
    }
    this.#seen.add(did, statement);
    // News that a node is gone, or alive after all, goes to all neighbours. Other news goes to some of them, and reaches
    // the rest when views are compared. A proof travels only with a card that needs it.
    const urgent = content.kind !== "card" || suspected;
    const news = stranger || standing ? statement : { kind: statement.kind, signed: statement.signed };
    this.#queue.add(did, news, { from, urgent });
    this.emit("change", did);
  }

  #apply(content: Checked, statement: Statement, standing: Standing | undefined): boolean {
    if (content.kind === "card") return this.#view.addCard(content.card, statement, standing);
    if (content.kind === "farewell") return this.#view.bury(content.did, content.stamp, statement);
    return this.#view.suspect(content, statement, this.self);
  }

  #compareLater(): void {
    this.#comparing = setTimeout(
      () => {
        const neighbours = this.#neighbours.dids;
        const did = neighbours[Math.floor(this.#random() * neighbours.length)];
        if (did) this.#compare(did);
        this.#compareLater();
      },
      COMPARE_MS * (0.5 + this.#random()),
    );
  }

  #compare(did: Did): void {
    this.#neighbours.get(did)?.send("view.sums", { sums: this.#view.sums(this.#own.entry) });
  }

  #statementsOf(dids: readonly Did[]): Statement[] {
    return dids.flatMap((did) => {
      const statement = did === this.self ? this.#own.card : this.#view.entries.get(did)?.statement;
      return statement ? [statement] : [];
    });
  }
}
