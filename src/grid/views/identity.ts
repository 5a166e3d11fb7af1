/** The page's view of the node's identity: its state, and the methods that change it. */
import * as v from "valibot";
import { type Bytes, MicrogridError } from "../../core";
import { makeHouseSecret, phraseOfSecret, secretOfPhrase } from "../../identity";
import { type BackupChange, type PortablePart, type ReadChange, exportParts, housePart, readBackup } from "../backup";
import type { Identity, RestoreOptions, Scope } from "../contract";
import { textOf } from "../fields";
import {
  type Capabilities,
  type GridState,
  type HouseState,
  TextArgument,
  checkArgument,
  requestText,
} from "../../node";

const RestoreArgument = v.object(
  { accept: v.optional(v.array(TextArgument, "a list of ids of changes")) },
  "an object with options",
);

interface GridIdentityOptions {
  readonly node: Capabilities;
  readonly state: () => GridState;
  /** The parts of a complete backup besides the house, in the order in which they are restored. */
  readonly parts: readonly PortablePart[];
}

export class GridIdentity implements Identity {
  readonly #node: Capabilities;
  readonly #state: () => GridState;
  readonly #house: PortablePart;
  readonly #parts: readonly PortablePart[];

  constructor({ node, state, parts }: GridIdentityOptions) {
    this.#node = node;
    this.#state = state;
    this.#house = housePart(node, state);
    this.#parts = parts;
  }

  get did(): string {
    return this.#state().node.did;
  }

  get name(): string {
    return this.#state().node.name;
  }

  get house(): HouseState | undefined {
    return this.#state().node.house;
  }

  rename(name: string): Promise<void> {
    return this.#node.settings.rename(name);
  }

  // The secret is made or read in this tab. If the tab that runs the node is lost now, this tab sends it again.

  async createHouse(name: string): Promise<{ readonly phrase: string }> {
    const secret = makeHouseSecret();
    const phrase = await phraseOfSecret(secret);
    await this.#take(name, secret);
    return { phrase };
  }

  async restoreHouse(name: string, phrase: string): Promise<void> {
    await this.#take(name, await secretOfPhrase(textOf(phrase, "identity.restoreHouse")));
  }

  async delegate(request: string, terms: { label: string; scopes: readonly Scope[]; notAfter: Date }): Promise<string> {
    return this.#node.house.delegate(request, terms);
  }

  requestDelegation(): string {
    return requestText(this.did);
  }

  adopt(delegation: string): Promise<void> {
    return this.#node.house.adopt(delegation);
  }

  revoke(subject: string): Promise<void> {
    return this.#node.house.revoke(subject);
  }

  forgetHouseKey(): Promise<void> {
    return this.#node.house.forgetKey();
  }

  leaveHouse(): Promise<void> {
    return this.#node.house.leave();
  }

  async backupHouse(passphrase: string): Promise<Blob> {
    if (this.house?.keyHere !== true) {
      const message = "This device does not manage the profile, so there is nothing to back up here.";
      throw new MicrogridError("bad-request", message);
    }
    return exportParts([this.#house], textOf(passphrase, "identity.backupHouse"));
  }

  async exportAll(passphrase: string): Promise<Blob> {
    return exportParts([this.#house, ...this.#parts], textOf(passphrase, "identity.exportAll"));
  }

  async previewBackup(file: Blob, passphrase: string): Promise<readonly BackupChange[]> {
    const changes = await this.#read(file, passphrase, "identity.previewBackup");
    return changes.map(({ id, text, asks }) => ({ id, text, asks }));
  }

  async restoreBackup(file: Blob, passphrase: string, options: RestoreOptions = {}): Promise<void> {
    checkArgument(RestoreArgument, options, "identity.restoreBackup");
    const { accept } = options;
    for (const { id, asks, apply } of await this.#read(file, passphrase, "identity.restoreBackup"))
      if (accept ? accept.includes(id) : !asks) await apply();
  }

  async #read(file: Blob, passphrase: string, method: string): Promise<readonly ReadChange[]> {
    if (!(file instanceof Blob)) throw new MicrogridError("bad-request", `${method} takes a file.`);
    return readBackup([this.#house, ...this.#parts], file, textOf(passphrase, method));
  }

  #take(name: string, secret: Bytes): Promise<void> {
    return this.#node.house.take(name, secret);
  }
}
