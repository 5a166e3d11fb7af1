/** The house of this node: its delegation, the delegations that it signed, and what has been revoked. */
import { type Bytes, DAY_MS, type Did, TypedEventTarget, quotedName } from "../../core";
import {
  type Delegation,
  type Keep,
  type Revocations,
  SCOPES,
  type Signed,
  type Signer,
  delegate,
  houseSigner,
  openDelegation,
  revoke,
  wrapSecret,
} from "../../identity";
import type { HouseState } from "../types";
import { checkTerms, delegationStates, givenTo, issueTime, mergeIssued, narrows, withIssued } from "./issued";
import { KeptRevocations } from "./kept-revocations";
import type { NodeHouseEvents } from "./events";
import { exportKey, openKey, refuseOtherHouse } from "./key";
import {
  type HouseData,
  type HouseRecord,
  MAX_LABEL_CHARS,
  parseHouseName,
  recallHouse,
  rememberHouse,
} from "./record";
import { refuse } from "./refuse";
import { delegationText, parseDelegation } from "./texts";
import type { DelegationTerms } from "./types";

/** How long a house vouches for the device that holds its key; renewed at half of this time. */
const OWN_TERM_MS = 365 * DAY_MS;
/** How often a running node checks whether something has ended or needs to be renewed. */
const TEND_MS = DAY_MS / 24;

interface NodeHouseOptions {
  /** This node. */
  readonly did: Did;
  readonly keep: Keep;
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * If the key of a house is on this device, this node always has a delegation from it with all scopes. If the house
 * revokes this node, its key is deleted as well. Changes are made one at a time, and each is stored before it is shown.
 */
export class NodeHouse extends TypedEventTarget<NodeHouseEvents> {
  /** Houses that this node's rooms know (founders and admitted ones). Their revocations are the last to be dropped. */
  readonly known = new Set<string>();
  readonly #did: Did;
  readonly #keep: Keep;
  readonly #kept: KeptRevocations;
  readonly #now: () => number;
  #record: HouseRecord;
  /** The verified content of `record.delegation`. */
  #own: Delegation | undefined;
  /** Resolves when all requested changes are done. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The last state that was emitted. */
  #told: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Reads the stored house; call `start` to keep it up to date. */
  static async open(options: NodeHouseOptions): Promise<NodeHouse> {
    const house = new NodeHouse(options, await recallHouse(options.keep));
    await house.#kept.restore();
    const { delegation } = house.#record;
    if (delegation) house.#own = await openDelegation(delegation, house.#did, house.#now()).catch(() => undefined);
    house.#told = JSON.stringify(house.state);
    return house;
  }

  private constructor({ did, keep, now }: NodeHouseOptions, record: HouseRecord) {
    super();
    this.#did = did;
    this.#keep = keep;
    this.#now = now ?? Date.now;
    this.#record = record;
    this.#kept = new KeptRevocations({
      keep,
      matters: (issuer) => issuer === this.#issuer || this.known.has(issuer),
      onNews: (signed) => this.emit("revocation", signed),
    });
  }

  /** All known revocations. Rooms pass these on; new ones from rooms go through `hear`. */
  get revocations(): Revocations {
    return this.#kept.all;
  }

  /** The delegation that this node shows to rooms; undefined while no house vouches for it. */
  delegation(): Signed | undefined {
    return this.#own && this.#now() <= this.#own.notAfter ? this.#record.delegation : undefined;
  }

  /** The key of the house, if it is on this device. */
  async signer(): Promise<Signer | undefined> {
    return this.#record.key && (await openKey(this.#record)).signer;
  }

  get state(): HouseState | undefined {
    const own = this.#own;
    if (!own || this.#now() > own.notAfter) return undefined;
    const delegations = delegationStates(this.#record.issued, own.issuer, this.revocations);
    const { issuer: did, name, scopes, notAfter } = own;
    return { did, name, scopes, notAfter, keyHere: this.#record.key !== undefined, delegations };
  }

  /**
   * Takes the key of a house and uses it to vouch for this node. The same key may be given again, also under another
   * name. Throws `bad-request` if the name is invalid or the key of another house is here.
   */
  take(name: string, secret: Bytes): Promise<void> {
    return this.#change(async () => {
      const signer = await houseSigner(secret);
      refuseOtherHouse(this.#record, signer.did);
      const key = { did: signer.did, name: parseHouseName(name), wrapped: await wrapSecret(secret) };
      await this.#become({ ...this.#record, key }, signer);
    });
  }

  /** Vouches for another node and returns the text for it. Throws `bad-request`. */
  delegate(request: string, terms: DelegationTerms): Promise<string> {
    return this.#change(async () => {
      const { signer, name } = await openKey(this.#record);
      const { did: issuer } = signer;
      const wanted = checkTerms(request, terms, { did: this.#did, now: this.#now() });
      const { subject } = wanted;
      const given = { ...wanted, issuedAt: this.#issueTime(issuer, subject) };
      const signed = await delegate(signer, { name, ...given });
      const issued = { issuer, label: terms.label.trim().slice(0, MAX_LABEL_CHARS), ...given };
      const before = givenTo(this.#record.issued, issuer, subject);
      // Otherwise the node could still show the wider one.
      if (before && narrows(before, issued)) await this.#hear(await revoke(signer, subject, issued.issuedAt - 1));
      await this.#save({ ...this.#record, issued: withIssued(this.#record.issued, issued) }, this.#own);
      return delegationText(signed);
    });
  }

  /** Takes a delegation for this node. Throws `bad-request` if it is for another node, or not valid now. */
  adopt(text: string): Promise<void> {
    return this.#change(async () => {
      const delegation = parseDelegation(text);
      const own = await this.#verify(delegation).catch((cause: unknown) => {
        throw refuse(
          "This answer is not valid for this device: it is for another one, has ended, or was revoked.",
          cause,
        );
      });
      refuseOtherHouse(this.#record, own.issuer);
      // The device that holds the key needs no other delegation.
      if (this.#record.key === undefined) await this.#save({ ...this.#record, delegation }, own);
    });
  }

  /** Revokes a node's delegation. Throws `bad-request` without the key, or for this node itself. */
  revoke(subject: string): Promise<void> {
    return this.#change(async () => {
      const { signer } = await openKey(this.#record);
      if (subject === this.#did)
        throw refuse("This is the device that you are using. To take it out of the profile, leave the profile.");
      const given = givenTo(this.#record.issued, signer.did, subject);
      // A clock that was set back must not leave the delegation valid.
      const at = Math.max(this.#now(), given?.issuedAt ?? 0);
      await this.#hear(await revoke(signer, subject as Did, at));
      await this.#kept.save();
    });
  }

  /** Deletes the key; its signatures stay valid. */
  forgetKey(): Promise<void> {
    return this.#change(() => this.#save({ ...this.#record, key: undefined }, this.#own));
  }

  /** Leaves the house and deletes its key, if it is here. */
  leave(): Promise<void> {
    return this.#change(() => this.#save({ ...this.#record, key: undefined, delegation: undefined }, undefined));
  }

  /** Takes a revocation from elsewhere; true if it is new. Throws `peer-protocol` if it is not valid. */
  hear(signed: Signed): Promise<boolean> {
    return this.#change(() => this.#hear(signed));
  }

  /** The whole record, for a backup. */
  async export(): Promise<HouseData> {
    const { delegation, issued } = this.#record;
    return { v: 1, key: await exportKey(this.#record), delegation, issued, revocations: [...this.revocations.all] };
  }

  /** Adds the content of a backup. Throws `bad-request` if it belongs to another house than the key on this device. */
  async import({ key, delegation, issued, revocations }: HouseData): Promise<void> {
    await this.#change(async () => {
      await this.revocations.restore(revocations);
      await this.#kept.save();
      await this.#dropIfRevoked();
    });
    if (key) await this.take(key.name, key.secret);
    // It belongs to another device, unless the backup returns to the device where it was made.
    else if (delegation && !this.#own) await this.adopt(delegationText(delegation)).catch(() => undefined);
    await this.#change(() =>
      this.#save({ ...this.#record, issued: mergeIssued(this.#record.issued, issued) }, this.#own),
    );
  }

  /** Starts renewing what is due and dropping what has ended, now and regularly. */
  async start(): Promise<void> {
    const tend = (): Promise<void> => this.tend().catch(() => undefined);
    this.#timer = setInterval(() => void tend(), TEND_MS);
    await tend();
  }

  /** Renews what is due and drops what has ended; also called regularly by a timer. */
  tend(): Promise<void> {
    return this.#change(async () => {
      const { key, delegation } = this.#record;
      // The page may have died after it received a revocation and before it acted on it.
      if (await this.#dropIfRevoked()) return;
      const left = (this.#own?.notAfter ?? 0) - this.#now();
      if (key && left < OWN_TERM_MS / 2) {
        await this.#become(this.#record, (await openKey(this.#record)).signer);
      } else if (delegation && left < 0) {
        await this.#save({ ...this.#record, delegation: undefined }, undefined);
        this.emit(
          "notice",
          "This device no longer belongs to your profile, because its time is over. Add it again from a device that manages the profile.",
        );
      }
    });
  }

  close(): void {
    clearInterval(this.#timer);
    void this.#kept.save();
  }

  get #issuer(): Did | undefined {
    return this.#own?.issuer;
  }

  /** Signs a delegation for this node and stores it with the record. */
  async #become(record: HouseRecord, signer: Signer): Promise<void> {
    const issuedAt = this.#issueTime(signer.did, this.#did);
    const notAfter = this.#now() + OWN_TERM_MS;
    const name = record.key?.name ?? "";
    const delegation = await delegate(signer, { name, subject: this.#did, scopes: [...SCOPES], issuedAt, notAfter });
    await this.#save({ ...record, delegation }, await this.#verify(delegation));
  }

  async #hear(signed: Signed): Promise<boolean> {
    if (!(await this.revocations.add(signed))) return false;
    if (!(await this.#dropIfRevoked())) this.#shown();
    return true;
  }

  async #dropIfRevoked(): Promise<boolean> {
    const own = this.#own;
    if (!own || !this.revocations.revoked(own)) return false;
    await this.#save({ ...this.#record, key: undefined, delegation: undefined }, undefined);
    this.emit("notice", `This device no longer belongs to ${quotedName(own.name)}: it was removed there.`);
    return true;
  }

  /** Checks that a delegation is for this node and valid now. Throws otherwise. */
  async #verify(signed: Signed): Promise<Delegation> {
    const opened = await openDelegation(signed, this.#did, this.#now());
    await this.revocations.meet(opened.issuer);
    if (this.revocations.revoked(opened)) throw refuse("The profile has removed this device.");
    return opened;
  }

  #issueTime(issuer: Did, subject: Did): number {
    return issueTime(this.#record.issued, this.revocations, { issuer, subject, now: this.#now() });
  }

  async #save(record: HouseRecord, own: Delegation | undefined): Promise<void> {
    await rememberHouse(this.#keep, record);
    this.#record = record;
    this.#own = own;
    this.#shown();
  }

  /** Emits the state if it has changed. */
  #shown(): void {
    const text = JSON.stringify(this.state);
    if (text === this.#told) return;
    this.#told = text;
    this.emit("change", undefined);
  }

  /** Makes one change at a time, since calls come from several tabs and rooms. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}
