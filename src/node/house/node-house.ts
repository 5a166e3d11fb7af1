/** The house of this node: who vouches for it, whom it vouches for, and what has been taken back. */
import { type Bytes, DAY_MS, type Did, MicrogridError, TypedEventTarget } from "../../core";
import {
  type Delegation,
  type Keep,
  Revocations,
  SCOPES,
  type Scope,
  type Signed,
  type Signer,
  delegate,
  houseSigner,
  openDelegation,
  revoke,
  unwrapSecret,
  wrapSecret,
} from "../../identity";
import type { HouseState } from "../types";
import { delegationStates, givenTo, mergeIssued, narrows, withIssued } from "./issued";
import {
  type HouseData,
  type HouseRecord,
  MAX_LABEL_CHARS,
  parseHouseName,
  recallHouse,
  recallRevocations,
  rememberHouse,
  rememberRevocations,
} from "./record";
import { delegationText, parseDelegation, parseRequest } from "./texts";

/** How long a house vouches for the device that holds its key; renewed at half of it. */
const OWN_TERM_MS = 365 * DAY_MS;
/** How often a running node looks whether something has ended or needs to be renewed. */
const TEND_MS = DAY_MS / 24;

export interface DelegationTerms {
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly notAfter: Date;
}

export interface NodeHouseOptions {
  /** This node. */
  readonly did: Did;
  readonly keep: Keep;
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number;
}

interface NodeHouseEvents {
  /** `state` or `delegation()` is another now. */
  change: undefined;
  /** A revocation that was not known before: rooms pass it on. */
  revocation: Signed;
  /** Something that its owner should know: a sentence. */
  notice: string;
}

/**
 * Where the key of a house is on this device, this node always has a delegation from it with all scopes. A house that
 * takes back this node takes its key back too. One change at a time, each kept before it is shown.
 */
export class NodeHouse extends TypedEventTarget<NodeHouseEvents> {
  /** All that this node has heard of. Rooms pass these on; what they bring goes through `hear`. */
  readonly revocations: Revocations;
  /** Houses that the rooms of this node know (founders, admitted ones): their revocations are the last to be dropped. */
  readonly known = new Set<string>();
  readonly #did: Did;
  readonly #keep: Keep;
  readonly #now: () => number;
  #record: HouseRecord;
  /** What `record.delegation` says, verified. */
  #own: Delegation | undefined;
  /** The end of all changes that were asked for. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The state that was told of last. */
  #told: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Reads what is kept; `start` then tends it. */
  static async open(options: NodeHouseOptions): Promise<NodeHouse> {
    const house = new NodeHouse(options, await recallHouse(options.keep));
    // What was kept is verified again: storage is no witness.
    for (const signed of await recallRevocations(options.keep)) {
      await house.revocations.add(signed).catch(() => undefined);
    }
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
    this.revocations = new Revocations({ matters: (issuer) => issuer === this.#issuer || this.known.has(issuer) });
  }

  /** What this node shows to rooms; undefined while no house vouches for it. */
  delegation(): Signed | undefined {
    return this.#own && this.#now() <= this.#own.notAfter ? this.#record.delegation : undefined;
  }

  /** The key of the house, where it is on this device. */
  async signer(): Promise<Signer | undefined> {
    return this.#record.key && (await this.#key()).signer;
  }

  get state(): HouseState | undefined {
    const own = this.#own;
    if (!own || this.#now() > own.notAfter) return undefined;
    const delegations = delegationStates(this.#record.issued, own.issuer, this.revocations);
    const { issuer: did, name, scopes, notAfter } = own;
    return { did, name, scopes, notAfter, keyHere: this.#record.key !== undefined, delegations };
  }

  /**
   * Takes the key of a house and vouches for this node with it; the same key may come again, under another name too.
   * Throws `bad-request` where the name is none or the key of another house is here.
   */
  take(name: string, secret: Bytes): Promise<void> {
    return this.#change(async () => {
      const signer = await houseSigner(secret);
      this.#refuseOther(signer.did);
      const key = { did: signer.did, name: parseHouseName(name), wrapped: await wrapSecret(secret) };
      await this.#become({ ...this.#record, key }, signer);
    });
  }

  /** Vouches for another node; gives the text to bring there. Throws `bad-request`. */
  delegate(request: string, { label, scopes, notAfter }: DelegationTerms): Promise<string> {
    return this.#change(async () => {
      const { signer, name } = await this.#key();
      const subject = parseRequest(request);
      const end = notAfter.getTime();
      if (subject === this.#did)
        throw refuse("This request is of this very device, which the house vouches for already.");
      if (!(end > this.#now())) throw refuse("The end date has passed already. Choose one in the future.");
      const { did: issuer } = signer;
      const terms = {
        subject,
        scopes: SCOPES.filter((scope) => scopes.includes(scope)),
        issuedAt: this.#issueTime(issuer, subject),
        notAfter: end,
      };
      const signed = await delegate(signer, { name, ...terms });
      const issued = { issuer, label: label.trim().slice(0, MAX_LABEL_CHARS), ...terms };
      const before = givenTo(this.#record.issued, issuer, subject);
      // Else the node could go on showing the wider one.
      if (before && narrows(before, issued)) await this.#hear(await revoke(signer, subject, issued.issuedAt - 1));
      await this.#save({ ...this.#record, issued: withIssued(this.#record.issued, issued) }, this.#own);
      return delegationText(signed);
    });
  }

  /** Takes what a house has signed for this node. Throws `bad-request` where it is not for it, or not valid now. */
  adopt(text: string): Promise<void> {
    return this.#change(async () => {
      const delegation = parseDelegation(text);
      const own = await this.#verify(delegation).catch((cause: unknown) => {
        throw refuse(
          "This does not vouch for this device: it is for another one, has ended, or was taken back.",
          cause,
        );
      });
      this.#refuseOther(own.issuer);
      // The device that holds the key needs nobody else's word.
      if (this.#record.key === undefined) await this.#save({ ...this.#record, delegation }, own);
    });
  }

  /** Takes back what the house gave to a node. Throws `bad-request` without the key, or for this very node. */
  revoke(subject: string): Promise<void> {
    return this.#change(async () => {
      const { signer } = await this.#key();
      if (subject === this.#did)
        throw refuse("This is this very device. To take it out of the house, leave the house.");
      const given = givenTo(this.#record.issued, signer.did, subject);
      // A clock that was set back must not leave the delegation standing.
      const at = Math.max(this.#now(), given?.issuedAt ?? 0);
      await this.#hear(await revoke(signer, subject as Did, at));
    });
  }

  /** Deletes the key; what it has signed stays valid. */
  forgetKey(): Promise<void> {
    return this.#change(() => this.#save({ ...this.#record, key: undefined }, this.#own));
  }

  /** Leaves the house; its key, if it is here, goes too. */
  leave(): Promise<void> {
    return this.#change(() => this.#save({ ...this.#record, key: undefined, delegation: undefined }, undefined));
  }

  /** Takes a revocation that came from elsewhere; true where it is news. Throws `peer-protocol` where it is not valid. */
  hear(signed: Signed): Promise<boolean> {
    return this.#change(() => this.#hear(signed));
  }

  /** All of it, for a backup. */
  async export(): Promise<HouseData> {
    const { key, delegation, issued } = this.#record;
    const secret = key && (await unwrapSecret(key.wrapped));
    const open = key && secret && { name: key.name, secret };
    return { v: 1, key: open, delegation, issued, revocations: [...this.revocations.all] };
  }

  /** Adds what a backup holds. Throws `bad-request` where it belongs to another house than the key that is here. */
  async import({ key, delegation, issued, revocations }: HouseData): Promise<void> {
    for (const signed of revocations) await this.hear(signed).catch(() => undefined);
    if (key) await this.take(key.name, key.secret);
    // Of another device, unless the backup comes back to where it was made.
    else if (delegation && !this.#own) await this.adopt(delegationText(delegation)).catch(() => undefined);
    await this.#change(() =>
      this.#save({ ...this.#record, issued: mergeIssued(this.#record.issued, issued) }, this.#own),
    );
  }

  /** Renews what is due and drops what has ended, now and from then on. */
  async start(): Promise<void> {
    const tend = (): Promise<void> => this.tend().catch(() => undefined);
    this.#timer = setInterval(() => void tend(), TEND_MS);
    await tend();
  }

  /** Renews what is due and drops what has ended; called now and then by itself. */
  tend(): Promise<void> {
    return this.#change(async () => {
      const { key, delegation } = this.#record;
      // The page may have died between hearing of it and acting on it.
      if (await this.#dropIfRevoked()) return;
      const left = (this.#own?.notAfter ?? 0) - this.#now();
      if (key && left < OWN_TERM_MS / 2) {
        await this.#become(this.#record, (await this.#key()).signer);
      } else if (delegation && left < 0) {
        await this.#save({ ...this.#record, delegation: undefined }, undefined);
        this.emit("notice", "No house vouches for this device any more: the time has ended. Ask for a new delegation.");
      }
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #issuer(): Did | undefined {
    return this.#own?.issuer;
  }

  /** Signs for this node and keeps that with the record. */
  async #become(record: HouseRecord, signer: Signer): Promise<void> {
    const issuedAt = this.#issueTime(signer.did, this.#did);
    const notAfter = this.#now() + OWN_TERM_MS;
    const name = record.key?.name ?? "";
    const delegation = await delegate(signer, { name, subject: this.#did, scopes: [...SCOPES], issuedAt, notAfter });
    await this.#save({ ...record, delegation }, await this.#verify(delegation));
  }

  async #hear(signed: Signed): Promise<boolean> {
    if (!(await this.revocations.add(signed))) return false;
    await rememberRevocations(this.#keep, this.revocations.all).catch(() => undefined);
    if (!(await this.#dropIfRevoked())) this.#shown();
    this.emit("revocation", signed);
    return true;
  }

  async #dropIfRevoked(): Promise<boolean> {
    const own = this.#own;
    if (!own || !this.revocations.revoked(own)) return false;
    await this.#save({ ...this.#record, key: undefined, delegation: undefined }, undefined);
    this.emit("notice", `“${own.name}” does not vouch for this device any more: it has taken that back.`);
    return true;
  }

  /** A delegation for this node that holds now. Throws otherwise. */
  async #verify(signed: Signed): Promise<Delegation> {
    const opened = await openDelegation(signed, this.#did, this.#now());
    if (this.revocations.revoked(opened)) throw refuse("The house has taken this back.");
    return opened;
  }

  async #key(): Promise<{ readonly signer: Signer; readonly name: string }> {
    const { key } = this.#record;
    if (!key) {
      const message =
        "The key of the house is not on this device. Do this on one that has it, or restore it here first.";
      throw refuse(message);
    }
    return { signer: await houseSigner(await unwrapSecret(key.wrapped)), name: key.name };
  }

  #refuseOther(did: Did): void {
    const { key } = this.#record;
    if (!key || key.did === did) return;
    throw refuse(
      `The key of another house, “${key.name}”, is on this device. Back it up and leave that house first. Nothing was changed.`,
    );
  }

  /** Now, but later than all that was given to or taken from that node before. */
  #issueTime(issuer: Did, subject: Did): number {
    const given = givenTo(this.#record.issued, issuer, subject);
    const before = Math.max(this.revocations.latest(issuer, subject) ?? -1, given?.issuedAt ?? -1);
    return Math.max(this.#now(), before + 2);
  }

  async #save(record: HouseRecord, own: Delegation | undefined): Promise<void> {
    await rememberHouse(this.#keep, record);
    this.#record = record;
    this.#own = own;
    this.#shown();
  }

  /** Tells of the state where it is another. */
  #shown(): void {
    const text = JSON.stringify(this.state);
    if (text === this.#told) return;
    this.#told = text;
    this.emit("change", undefined);
  }

  /** One change at a time: calls come from several tabs and rooms. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

function refuse(message: string, cause?: unknown): MicrogridError {
  return new MicrogridError("bad-request", message, { cause });
}
