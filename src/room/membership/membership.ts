/** The membership that a node holds in a room: the rules in force, the epochs, and the proof that it belongs. */
import { type Bytes, type Did, MicrogridError, Turns, TypedEventTarget } from "../../core";
import { type Revocations, type Signed, type Signer, addSignature } from "../../identity";
import type { MemberClaim } from "../../wire";
import { MAX_PROOF_STEPS } from "../constants";
import { type AdmissionTerms, admit } from "./admission";
import { nextCharter, nextEpoch } from "./changes";
import { CHARTER, type Charter, type SignedTerms, readCharter, supersedes } from "./charter";
import { EPOCH, Epochs, type EpochsData, openRecords, outranks } from "./epochs";
import type { Genesis } from "./genesis";
import { type FoundersHead, FoundersWord } from "./head";
import { type InviteParts, Invites } from "./invites";
import type { Admission, MemberContext } from "./member-context";
import type { MembershipEvents } from "./membership-events";
import { Places } from "./places";
import { type Examined, type Proof, type RoomRules, type Standing, examine, restsOn, sameSigned } from "./proof";
import type { OpenedToken } from "../invite/token";
import { Standings } from "./standings";

/** All that a membership is made of, verified. */
export interface MembershipParts extends InviteParts {
  readonly genesis: Genesis;
  readonly charter: Charter;
  readonly epochs: Epochs;
  readonly proof: Proof;
  /** The founders' last word about the epoch that this node has heard. */
  readonly head: FoundersHead | undefined;
}

/** The membership of this node in one room. Checks peers and applies changes of the rules. */
export class Membership extends TypedEventTarget<MembershipEvents> {
  readonly genesis: Genesis;
  readonly invites: Invites;
  readonly word: FoundersWord;
  readonly places: Places;
  readonly #lettingIn = new Turns();
  readonly #context: MemberContext;
  readonly #examined = new Standings();
  #charter: Charter;
  #epochs: Epochs;
  #proof: Proof;

  constructor(context: MemberContext, parts: MembershipParts) {
    super();
    this.#context = context;
    this.genesis = parts.genesis;
    this.#charter = parts.charter;
    this.#epochs = parts.epochs;
    this.#proof = parts.proof;
    this.word = new FoundersWord(this, parts.head, (frame) => {
      this.emit("head", frame);
      this.emit("change", undefined);
    });
    this.invites = new Invites(this, parts, () => {
      this.emit("change", undefined);
    });
    this.places = new Places(this, context.given, (did, evidence) => {
      this.#examined.forget((other) => other === did);
      this.emit("double", { did, evidence });
      void this.checkSelf();
    });
  }

  get signer(): Signer {
    return this.#context.signer;
  }

  /** The delegations that houses have revoked, as far as this node knows. */
  get revocations(): Revocations {
    return this.#context.revocations;
  }

  get charter(): Charter {
    return this.#charter;
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  /** The room as it is now, to check proofs against. */
  get rules(): RoomRules {
    const { genesis, revocations } = this;
    return { genesis, revocations, epochs: this.#epochs, terms: this.#charter.terms, doubles: this.places.doubles };
  }

  /** The proof that this node shows to others. */
  get proof(): Proof {
    return this.#proof;
  }

  /** Everything to store for the next start. */
  get parts(): MembershipParts {
    const { genesis, word, invites } = this;
    const kept = { charter: this.#charter, epochs: this.#epochs, proof: this.#proof, head: word.known };
    return { genesis, ...kept, ...invites.parts };
  }

  /** The claim of this node in a handshake, `back` epochs before its own so that it can meet members on another fork. */
  claim(back = 0): MemberClaim {
    const epochs = this.#epochs;
    return { kind: "member", epoch: Math.max(0, epochs.head.n - back), secretOf: (epoch) => epochs.secretOf(epoch) };
  }

  /** The founders' keys on this device, which can sign changes. */
  async founderSigners(): Promise<readonly Signer[]> {
    const signers = [this.signer, ...(await this.#context.governors())];
    return signers.filter(({ did }) => this.genesis.founders.includes(did));
  }

  /** This node's own standing. Throws `peer-refused` if it is no longer a member. */
  ownStanding(): Promise<Examined> {
    return examine(this.signer.did, this.#proof, this.rules);
  }

  /** Checks a node that says it is a member. Throws `peer-refused` with the reason if it is not. */
  async examine(did: Did, proof: Proof): Promise<Standing> {
    const { standing } = await this.#judge(did, proof);
    this.#examined.remember(did, standing);
    return standing;
  }

  /**
   * Makes a proof that `did` is a member. `via`, `place`: those who let it in until now, and the place that it has, if this founder's
   * node admits it again. `token`: the invite with which it came. Throws `peer-refused` if the rules do not let it in.
   */
  async admit(
    did: Did,
    delegation: Signed | undefined,
    { via, place, token }: AdmissionTerms & { readonly token?: OpenedToken } = {},
  ): Promise<Admission> {
    const taken = place ?? (await this.places.give(did, token));
    const own = this.#proof.slice(0, MAX_PROOF_STEPS - 1);
    const admission = await admit(this.signer, this.genesis.hash, did, Date.now(), { via, place: taken });
    const isShown = token && (this.#charter.terms.invites === "founders" || this.places.isOpen(token));
    const proof = [{ admission, ...(delegation && { delegation }), ...(isShown && { token: token.signed }) }, ...own];
    const { epochs } = await this.#judge(did, proof);
    return { proof, epochs };
  }

  /** Admits a guest and counts that use of its invite. Throws `peer-refused` if the rules or the invite do not let it in. */
  letIn(token: OpenedToken, guest: Did, delegation: Signed | undefined): Promise<Admission> {
    // One after the other: a guest whose invite is used up takes no place.
    return this.#lettingIn.take("guest", async () => {
      this.invites.check(token, guest);
      const admission = await this.admit(guest, delegation, { token });
      this.invites.check(token, guest);
      this.invites.redeem(token, guest);
      return admission;
    });
  }

  /** Takes a new proof for this node from a founder; false if it is neither shorter than the present one nor holds for longer. */
  async takeProof(proof: Proof, founder: Did): Promise<boolean> {
    const own = this.#proof[0]?.delegation;
    const renewed = proof.map((step, i) => (i === 0 && own ? { ...step, delegation: own } : step));
    const now = await this.ownStanding().catch(() => undefined);
    const then = await examine(this.signer.did, renewed, this.rules).catch(() => undefined);
    if (then?.admittedBy.at(-1) !== founder) return false;
    if (now && proof.length >= this.#proof.length && now.until >= then.until) return false;
    this.#proof = renewed;
    this.emit("proof", renewed);
    this.emit("change", undefined);
    return true;
  }

  /** Call this when the node's house changes. From now on its proof has this delegation, or none. */
  setDelegation(delegation: Signed | undefined): void {
    const [{ delegation: old, ...first } = {}, ...rest] = this.#proof;
    if (sameSigned(old, delegation)) return;
    this.#proof = [{ ...first, ...(delegation && { delegation }) }, ...rest];
    this.emit("proof", this.#proof);
    this.emit("change", undefined);
    void this.checkSelf();
  }

  /** Takes a version of the charter; true if it comes into force. Throws `peer-protocol` if it is not valid. */
  async takeCharter(signed: Signed): Promise<boolean> {
    const { verify, ...charter } = await readCharter(signed, this.genesis);
    const isBetter = (): boolean => charter.complete && supersedes(charter, this.#charter);
    if (isBetter()) await verify();
    if (!isBetter()) return false;
    this.#charter = charter;
    this.#examined.clear();
    this.emit("charter", charter);
    this.emit("change", undefined);
    void this.checkSelf();
    return true;
  }

  /** The members that this node has examined under these rules. */
  get known(): readonly Did[] {
    return this.#examined.members;
  }

  /** The charter with these changes, signed with the founders' keys on this device. Throws `bad-request` without one. */
  async proposeCharter(changes: Partial<SignedTerms>): Promise<Signed> {
    return nextCharter(this, changes, await this.#requireSigners());
  }

  /** Takes a chain of epochs; true if it comes into force. Throws `peer-protocol` if it is not valid. */
  async takeEpochs(data: EpochsData): Promise<boolean> {
    if (this.#epochs.covers(data)) return false;
    const epochs = await Epochs.open(data, this.genesis);
    if (!outranks(epochs.head, this.#epochs.head)) return false;
    const lost = [...this.#epochs.removed].filter((did) => !epochs.removed.has(did));
    const kept = [...this.#epochs.kept].filter((did) => !epochs.kept.has(did));
    this.#epochs = epochs;
    this.invites.forget();
    this.#examined.clear();
    this.emit("epochs", epochs);
    this.emit("change", undefined);
    void this.checkSelf();
    // The founders disagreed, and this fork lost. Its removals are decided again on top of the other fork.
    if (lost.length + kept.length > 0 && (await this.founderSigners()).length >= this.genesis.quorum) {
      const { record, secret } = await this.proposeEpoch(lost, kept);
      await this.takeEpochs(this.#epochs.with(record, secret));
    }
    return true;
  }

  /**
   * An epoch without these members, signed with the founders' keys on this device, and its secret. The nodes that they let in
   * are out as well, except those that are `kept`. Throws `bad-request` if one of them is a founder,
   * or if the room can have no more epochs.
   */
  async proposeEpoch(
    dids: readonly Did[],
    kept: readonly Did[] = [],
  ): Promise<{ readonly record: Signed; readonly secret: Bytes }> {
    // A node could hide that it belongs to a house, so known nodes of a removed house are removed by their own dids.
    const removed = [...dids, ...this.#examined.nodesOf(dids)];
    return nextEpoch(this, { removed, kept }, await this.#requireSigners());
  }

  /** Signs with the founders' keys on this device. */
  async endorse(kind: "charter" | "epoch", signed: Signed): Promise<Signed> {
    let endorsed = signed;
    for (const signer of await this.#requireSigners()) {
      endorsed = await addSignature(kind === "charter" ? CHARTER : EPOCH, endorsed, signer);
    }
    return endorsed;
  }

  /**
   * Takes the records of epochs that somebody shows to prove that this node was removed: words alone prove nothing. Throws
   * `peer-protocol` if they are not valid.
   */
  async takeRemoval({ records }: { readonly records: readonly Signed[] }): Promise<void> {
    if (records.length < this.#epochs.head.n) return;
    const epochs = await openRecords(records, this.genesis);
    if (outranks(epochs.head, this.#epochs.head)) await this.checkSelf({ ...this.rules, epochs });
  }

  /** Emits `out` if this node is no longer a member by these rules: those in force, unless others are given. */
  async checkSelf(rules = this.rules): Promise<void> {
    try {
      await examine(this.signer.did, this.#proof, rules);
    } catch (error) {
      if (error instanceof MicrogridError && error.code === "peer-refused") this.emit("out", error.message);
    }
  }

  /** Takes a revocation that a peer passes on. Throws `peer-protocol` if it is not valid. */
  takeRevocation(signed: Signed): Promise<unknown> {
    return this.#context.hear(signed);
  }

  /** Call this when a revocation was heard, here or elsewhere: the standings known so far may be outdated. */
  heard(signed: Signed): void {
    this.#examined.forget(restsOn(signed));
    this.emit("revocation", signed);
    void this.checkSelf();
    this.emit("change", undefined);
  }

  /** Whether this is a founder, as far as this node knows. */
  isFounder(did: Did): boolean {
    return this.genesis.founders.includes(did) || this.#examined.isFounder(did);
  }

  async #requireSigners(): Promise<readonly Signer[]> {
    const signers = await this.founderSigners();
    if (signers.length > 0) return signers;
    throw new MicrogridError("bad-request", "Only the owners of this room can do this, on their own devices.");
  }

  /** Examines by rules that still hold when it is done. */
  async #judge(did: Did, proof: Proof): Promise<{ readonly standing: Standing; readonly epochs: Epochs }> {
    for (;;) {
      const [epochs, charter] = [this.#epochs, this.#charter];
      const { taken, ...standing } = await examine(did, proof, this.rules);
      if (epochs !== this.#epochs || charter !== this.#charter) continue;
      this.places.show(taken);
      return { standing, epochs };
    }
  }
}
