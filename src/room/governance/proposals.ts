/** Changes of a room that wait for the signatures of more founders; members pass them on until they are complete. */
import { type Bytes, type Did, MicrogridError, TypedEventTarget, equalBytes, toHex } from "../../core";
import type { Signed } from "../../identity";
import { type SignedTerms, type Membership, needsEpoch, readCharter, readEpoch } from "../membership";
import type { ReceivedBody } from "../protocol";

type EpochBody = Awaited<ReturnType<typeof readEpoch>>["body"];

/** Changes that are kept at once: founders decide one after another. */
const MAX_PROPOSALS = 8;

/** A change that waits. */
export interface ProposalInfo {
  readonly id: string;
  readonly kind: "charter" | "epoch";
  /** The rules after it, or who would be removed. */
  readonly terms: SignedTerms | undefined;
  readonly removed: readonly Did[];
  readonly signers: readonly Did[];
}

interface Waiting extends ProposalInfo {
  readonly signed: Signed;
  /** Of an epoch that was proposed here. */
  readonly secret: Bytes | undefined;
}

interface ProposalEvents {
  change: undefined;
  /** Signatures that others may not have. */
  news: ReceivedBody<"proposal">;
}

/** The changes that wait. */
export class Proposals extends TypedEventTarget<ProposalEvents> {
  readonly #membership: Membership;
  readonly #waiting = new Map<string, Waiting>();

  constructor(membership: Membership) {
    super();
    this.#membership = membership;
    // Proposals that came into force elsewhere no longer wait.
    const tidy = (): void => void this.#tidy();
    membership.on("charter", tidy);
    membership.on("epochs", tidy);
  }

  get all(): readonly ProposalInfo[] {
    return [...this.#waiting.values()];
  }

  /** The frames that a new member has to get. */
  get frames(): readonly ReceivedBody<"proposal">[] {
    return [...this.#waiting.values()].map(({ kind, signed }) => ({ kind, signed }));
  }

  /** Changes the charter, or proposes to. Throws `bad-request` where this node cannot. */
  async amend(changes: Partial<SignedTerms>): Promise<void> {
    const { known } = this.#membership;
    await this.take({ kind: "charter", signed: await this.#membership.proposeCharter(changes) }, { own: true });
    // From the next epoch on, proofs have to show more: those who came in before stay by the founders' word.
    if (needsEpoch(this.#membership)) await this.remove([], known);
  }

  /** Removes members, or proposes to. Throws `bad-request` where this node cannot. */
  async remove(dids: readonly Did[], kept: readonly Did[]): Promise<void> {
    const { record, secret } = await this.#membership.proposeEpoch(dids, kept);
    await this.take({ kind: "epoch", signed: record }, { own: true, secret });
  }

  /** Signs a change that waits. Throws `bad-request` where this node cannot; nothing happens where it is not there. */
  async endorse(id: string): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    const signed = await this.#membership.endorse(waiting.kind, waiting.signed);
    await this.take({ kind: waiting.kind, signed }, { own: true });
  }

  /**
   * Takes a change with the signatures that it has so far; changes made here take precedence. Throws `peer-protocol` if
   * this room's founders did not make it.
   */
  async take(
    frame: ReceivedBody<"proposal">,
    options: { readonly own?: boolean; readonly secret?: Bytes } = {},
  ): Promise<void> {
    const { kind, signed } = frame;
    const { own = false, secret } = options;
    const opened = await this.#read(kind, signed);
    if (this.#isOver(opened)) return;
    const known = new Set(this.#waiting.get(opened.id)?.signed.signatures.map(({ did }) => did));
    if (signed.signatures.every(({ did }) => known.has(did))) return;
    await opened.verify();
    if (this.#isOver(opened)) return;
    const old = this.#waiting.get(opened.id);
    if (!old && this.#waiting.size >= MAX_PROPOSALS && !(own && this.#makeRoom())) return;
    const merged = merge(signed, old?.signed);
    const { id, terms, removed } = opened;
    const signers = merged.signatures.map(({ did }) => did);
    this.#waiting.set(id, { id, kind, terms, removed, signers, signed: merged, secret: secret ?? old?.secret });
    await this.#settle(id);
    this.emit("change", undefined);
  }

  /** Drops the oldest change that was not made here. */
  #makeRoom(): boolean {
    const oldest = [...this.#waiting.values()].find(({ secret }) => !secret);
    return oldest !== undefined && this.#waiting.delete(oldest.id);
  }

  /** Puts a complete change into force, or tells the others of its new signatures. */
  async #settle(id: string): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    const { kind, signed, secret, signers } = waiting;
    const complete = signers.length >= this.#membership.genesis.quorum;
    if (complete && kind === "charter") await this.#membership.takeCharter(signed);
    if (complete && secret) await this.#membership.takeEpochs(this.#membership.epochs.with(signed, secret));
    // An epoch comes into force through the one who holds its secret, who has to hear of the signatures.
    if (!complete || (kind === "epoch" && !secret)) this.emit("news", { kind, signed });
    else this.#waiting.delete(id);
  }

  /** Forgets what a change in force has overtaken. */
  async #tidy(): Promise<void> {
    const before = this.#waiting.size;
    for (const { id, kind, signed } of [...this.#waiting.values()]) {
      if (this.#isOver(await this.#read(kind, signed))) this.#waiting.delete(id);
    }
    if (this.#waiting.size < before) this.emit("change", undefined);
  }

  /** Whether a change does not follow what is in force. */
  #isOver({ epoch, version }: { readonly epoch?: EpochBody | undefined; readonly version: number }): boolean {
    const { charter, epochs } = this.#membership;
    if (!epoch) return version <= charter.version;
    return epoch.n !== epochs.head.n + 1 || !equalBytes(epoch.previous, epochs.head.hash);
  }

  /** Reads a change whose signatures are not verified yet. */
  async #read(kind: "charter" | "epoch", signed: Signed) {
    const { genesis } = this.#membership;
    if (signed.signatures.length === 0) {
      throw new MicrogridError("peer-protocol", "A peer sent a proposal that no founder has signed.");
    }
    if (kind === "charter") {
      const { hash, version, terms, verify } = await readCharter(signed, genesis);
      return { id: toHex(hash), version, terms, removed: [], epoch: undefined, verify };
    }
    const { hash, body, verify } = await readEpoch(signed, genesis);
    return { id: toHex(hash), version: 0, terms: undefined, removed: body.removed, epoch: body, verify };
  }
}

/** The statement with the signatures of both. */
function merge(a: Signed, b: Signed | undefined): Signed {
  const known = new Set(a.signatures.map(({ did }) => did));
  return {
    payload: a.payload,
    signatures: [...a.signatures, ...(b?.signatures ?? []).filter(({ did }) => !known.has(did))],
  };
}
