/** The rights of this node in its room, found by verifying its own proof. */
import type { Signer } from "../../identity";
import { type Membership, type Standing, inviteToUrl } from "../../room";
import type { NodeHouse } from "../house";

interface OwnRightsOptions {
  readonly signer: Signer;
  readonly house: NodeHouse;
  /** The page that invites lead to. */
  readonly pageUrl: string;
}

/** A snapshot that `look` renews. */
export class OwnRights {
  /** A link that lets others in; empty if this node may not make one. */
  invite = "";
  /** Undefined while this node is not inside, or is no longer a member. */
  standing: Standing | undefined;
  /** DIDs whose keys are on this device. */
  keys: readonly string[] = [];
  readonly #options: OwnRightsOptions;
  #membership: Membership | undefined;

  constructor(options: OwnRightsOptions) {
    this.#options = options;
  }

  /** Renews the snapshot; never throws. A result for a membership that has ended is ignored. */
  async look(membership: Membership | undefined): Promise<void> {
    this.#membership = membership;
    const { house, signer, pageUrl } = this.#options;
    const standing = await membership?.ownStanding().catch(() => undefined);
    const invite = await membership?.invites.current().catch(() => undefined);
    const houseKey = await house.signer().catch(() => undefined);
    if (membership !== this.#membership) return;
    this.standing = standing;
    this.invite = invite ? inviteToUrl(invite, pageUrl) : "";
    this.keys = [signer.did, ...(houseKey ? [houseKey.did] : [])];
  }

  forget(): void {
    this.#membership = undefined;
    this.standing = undefined;
    this.invite = "";
  }
}
