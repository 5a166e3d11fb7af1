/** An identity that keeps nothing and signs nothing. */
import { MicrogridError } from "../../core";
import type { Identity } from "../../grid/contract";
import type { BackupChange, HouseState, RestoreOptions } from "../../grid";
import { type FakeBorder, pause } from "./border";
import { fakeHouse } from "./fixtures";

const PHRASE =
  "legal winner thank year wave sausage worth useful legal winner thank yellow abandon ability able about above absent absorb abstract absurd abuse access zoo";

export class FakeIdentity implements Identity {
  readonly #border: FakeBorder;

  constructor(border: FakeBorder) {
    this.#border = border;
  }

  get did(): string {
    return this.#border.state().node.did;
  }

  get name(): string {
    return this.#border.state().node.name;
  }

  get house(): HouseState | undefined {
    return this.#border.state().node.house;
  }

  rename(name: string): Promise<void> {
    return this.#border.set({ node: { ...this.#border.state().node, name } });
  }

  async createHouse(name: string): Promise<{ readonly phrase: string }> {
    await pause(400);
    await this.#setHouse({ ...fakeHouse, name, delegations: [] });
    return { phrase: PHRASE };
  }

  async restoreHouse(name: string, phrase: string): Promise<void> {
    await pause(400);
    if (phrase !== PHRASE)
      throw new MicrogridError("bad-request", "These words are no recovery phrase. Check each of them.");
    await this.#setHouse({ ...fakeHouse, name });
  }

  async delegate(request: string): Promise<string> {
    await pause(200);
    if (!request.startsWith("request-")) {
      throw new MicrogridError("bad-request", "This text is not a request of a device. Copy all of it, and try again.");
    }
    return "delegation-".repeat(30);
  }

  requestDelegation(): string {
    return "request-".repeat(16);
  }

  async adopt(delegation: string): Promise<void> {
    await pause(200);
    if (!delegation.startsWith("delegation-"))
      throw new MicrogridError("bad-request", "This is not what a device of a house has signed for this one.");
    await this.#setHouse({ ...fakeHouse, keyHere: false, delegations: [] });
  }

  async revoke(subject: string): Promise<void> {
    const { house } = this;
    if (!house) return;
    const delegations = house.delegations.map((each) => (each.subject === subject ? { ...each, revoked: true } : each));
    await this.#setHouse({ ...house, delegations });
  }

  async forgetHouseKey(): Promise<void> {
    if (this.house) await this.#setHouse({ ...this.house, keyHere: false, delegations: [] });
  }

  leaveHouse(): Promise<void> {
    return this.#setHouse(undefined);
  }

  async backupHouse(): Promise<Blob> {
    await pause(300);
    return new Blob(["house"]);
  }

  async exportAll(): Promise<Blob> {
    await pause(300);
    return new Blob(["all"]);
  }

  async previewBackup(_file: Blob, passphrase: string): Promise<readonly BackupChange[]> {
    await pause(300);
    if (passphrase.includes("wrong"))
      throw new MicrogridError("bad-request", "The passphrase does not open this file.");
    return [
      { id: "house", text: "This device manages the profile “Ada”", asks: true },
      { id: "conversations", text: "3 conversations", asks: false },
    ];
  }

  async restoreBackup(_file: Blob, _passphrase: string, { accept = [] }: RestoreOptions = {}): Promise<void> {
    await pause(300);
    if (accept.includes("house")) await this.#setHouse(fakeHouse);
  }

  #setHouse(house: HouseState | undefined): Promise<void> {
    return this.#border.set({ node: { ...this.#border.state().node, house } });
  }
}
