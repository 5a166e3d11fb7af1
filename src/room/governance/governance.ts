/** How the rules of a room spread: charters, epochs, revocations and what waits for signatures, over the links. */
import { type Did, MicrogridError, TypedEventTarget } from "../../core";
import { TokenBucket } from "../../wire";
import { HEAD_CHECK_MS, MAX_PROOF_STEPS, MAX_TOLD_REVOCATIONS, REEXAMINE_MS } from "../constants";
import { type SignedTerms, type Membership, type Standing, hasEnded, restsOn, supersedes } from "../membership";
import type { Member } from "../links/member";
import type { Mesh } from "../links/mesh";
import { type ProposalInfo, Proposals } from "./proposals";
import type { ReceivedBody } from "../protocol";
import { PASSED_DOUBLE_RATE, PASSED_REVOCATION_RATE } from "../frames/rates";

/** Keeps this node's rules and those of its peers the same. */
export class Governance extends TypedEventTarget<{ change: undefined }> {
  readonly #membership: Membership;
  readonly #mesh: Mesh;
  readonly #proposals: Proposals;
  /** Ends the links of members whose delegation has ended. */
  readonly #tending: ReturnType<typeof setInterval>;
  /** Renews the founders' word. */
  readonly #renewing: ReturnType<typeof setInterval>;
  readonly #mayPass = new TokenBucket(PASSED_REVOCATION_RATE, performance.now());
  readonly #mayPassDoubles = new TokenBucket(PASSED_DOUBLE_RATE, performance.now());

  constructor(membership: Membership, mesh: Mesh) {
    super();
    this.#membership = membership;
    this.#mesh = mesh;
    this.#tending = setInterval(() => {
      void mesh.reexamine(hasEnded);
      void membership.checkSelf();
    }, REEXAMINE_MS);
    this.#proposals = new Proposals(membership);
    this.#proposals.on("change", () => this.emit("change", undefined));
    this.#proposals.on("news", (frame) => this.#tell((member) => member.link.post("proposal", frame)));
    // Members that the new rules exclude lose their links before the others are told, and get no secret.
    membership.on("charter", ({ signed }) => this.#spread((member) => member.link.post("charter", { signed })));
    membership.on("epochs", ({ data }) => this.#spread((member) => member.link.post("epochs", data)));
    membership.on("head", (head) => this.#tell((member) => member.link.post("head", head)));
    membership.on("proof", (proof) => this.#tell((member) => member.link.post("standing", { proof })));
    membership.on("revocation", (signed) => {
      // Anybody can make them up; who has not heard of one is told of it when they meet.
      const passOn = this.#mayPass.take(performance.now());
      const isConcerned = restsOn(signed);
      this.#spread((member) => passOn && member.link.post("revocation", { signed }), isConcerned);
    });
    membership.on("double", ({ did, evidence }) => {
      const passOn = this.#mayPassDoubles.take(performance.now());
      this.#spread(
        (member) => passOn && member.link.post("double", evidence),
        (other) => other === did,
      );
    });
    const renew = (): void => void membership.word.renew();
    membership.on("epochs", renew);
    this.#renewing = setInterval(renew, HEAD_CHECK_MS);
    renew();
  }

  close(): void {
    clearInterval(this.#tending);
    clearInterval(this.#renewing);
  }

  get proposals(): readonly ProposalInfo[] {
    return this.#proposals.all;
  }

  /** Changes the charter, or proposes to where more founders have to sign. Throws `bad-request` where this node cannot. */
  amend(changes: Partial<SignedTerms>): Promise<void> {
    return this.#proposals.amend(changes);
  }

  /** Removes members in the same way, with all whom they let in except those that are kept. */
  remove(dids: readonly Did[], kept: readonly Did[] = []): Promise<void> {
    return this.#proposals.remove(dids, kept);
  }

  endorse(id: string): Promise<void> {
    return this.#proposals.endorse(id);
  }

  /** Tells a member that has just come what it may not know. */
  greet(member: Member): void {
    const { charter, epochs, places, revocations } = this.#membership;
    const known = member.charter;
    if (supersedes(charter, known)) member.link.post("charter", { signed: charter.signed });
    // The room went on to another epoch while the two met.
    if (member.link.peer.epoch < epochs.head.n)
      this.#spread(({ link }) => link === member.link && link.post("epochs", epochs.data));
    const { known: head } = this.#membership.word;
    if (head) member.link.post("head", head.frame);
    for (const signed of revocations.foremost(MAX_TOLD_REVOCATIONS)) member.link.post("revocation", { signed });
    for (const evidence of places.doubles.all) member.link.post("double", evidence);
    for (const frame of this.#proposals.frames) member.link.post("proposal", frame);
    if (member.standing.admittedBy.length > 0) void this.#renew(member);
  }

  takeCharter(member: Member, { signed }: ReceivedBody<"charter">): Promise<void> {
    return this.#take(member, () => this.#membership.takeCharter(signed));
  }

  takeEpochs(member: Member, epochs: ReceivedBody<"epochs">): Promise<void> {
    return this.#take(member, () => this.#membership.takeEpochs(epochs));
  }

  takeHead(member: Member, head: ReceivedBody<"head">): Promise<void> {
    return this.#take(member, () => this.#membership.word.take(head));
  }

  takeRemoval(member: Member, removal: ReceivedBody<"removal">): Promise<void> {
    return this.#take(member, () => this.#membership.takeRemoval(removal));
  }

  takeProposal(member: Member, proposal: ReceivedBody<"proposal">): Promise<void> {
    return this.#take(member, () => this.#proposals.take(proposal));
  }

  takeRevocation(member: Member, { signed }: ReceivedBody<"revocation">): Promise<void> {
    return this.#take(member, () => this.#membership.takeRevocation(signed));
  }

  takeDouble(member: Member, evidence: ReceivedBody<"double">): Promise<void> {
    return this.#take(member, () => this.#membership.places.takeDouble(evidence));
  }

  /** Takes a member's new proof of its own membership. */
  takeStanding(member: Member, { proof }: ReceivedBody<"standing">): Promise<void> {
    return this.#take(member, async () => {
      member.standing = await this.#membership.examine(member.did, proof);
      member.proof = proof;
      this.emit("change", undefined);
    });
  }

  /** Takes a shorter proof for this node. */
  async takeProof(member: Member, { proof }: ReceivedBody<"proof">): Promise<void> {
    // A proof from anybody else would end this node's membership together with that member's.
    if (!member.standing.founder) return;
    await this.#take(member, () => this.#membership.takeProof(proof, member.did));
  }

  /** Handles a frame. A peer that sends invalid rules loses its link. */
  async #take(member: Member, handle: () => Promise<unknown>): Promise<void> {
    try {
      await handle();
    } catch (error) {
      // A proof may have ended meanwhile; that is no fault of who shows it.
      if (error instanceof MicrogridError && error.code === "peer-refused") member.link.close(error.message);
      else member.link.accuse(error instanceof MicrogridError ? error.message : "it sent invalid rules");
    }
  }

  /**
   * A founder admits a member itself, so that proofs neither grow from guest to guest nor end with the delegation of the device
   * that once opened the door.
   */
  async #renew(member: Member): Promise<void> {
    try {
      const own = await this.#membership.ownStanding();
      const { admittedBy, until, place } = member.standing;
      const via = admittedBy.slice(0, -1);
      const isShort = member.proof.length <= this.#membership.proof.length + 1;
      if (!own.founder || (isShort && own.until <= until) || via.length > MAX_PROOF_STEPS) return;
      const { proof } = await this.#membership.admit(member.did, undefined, { via, place });
      member.link.post("proof", { proof });
    } catch {
      // The present proof holds.
    }
  }

  #spread(tell: (member: Member) => unknown, concerns?: (did: Did, standing: Standing) => boolean): void {
    void this.#mesh.reexamine(concerns).then(() => this.#tell(tell));
  }

  #tell(tell: (member: Member) => unknown): void {
    for (const member of this.#mesh.members.values()) tell(member);
    this.emit("change", undefined);
  }
}
