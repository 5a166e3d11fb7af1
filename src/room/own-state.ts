/** The state of this node as it tells others: its device, its load, and the models that it offers. */
import type { PeerId } from "../core";
import type { Provider } from "../inference";
import { type CardTerms, OFFERS_PER_CARD } from "./gossip";
import type { PeerLoad } from "./jobs/refused";
import type { JobServer, SharedModels } from "./jobs/server";
import { type Heartbeat, type Profile, heartbeatOf } from "./links/heartbeat";
import type { Membership } from "./membership";
import { allowsModel } from "./public-model";

/** Others learn only whether a battery is low: its exact charge would tell a device from others. */
const LOW_BATTERY = 0.2;

/** A rate as others learn it, with two digits. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(2));
}

/** Where a node can be dialled, and the slot that it holds. */
export interface ContactDetails {
  readonly address: PeerId | undefined;
  readonly slot: number | undefined;
}

interface OwnStateOptions {
  readonly membership: Membership;
  /** This device. */
  readonly local: Provider;
  profile(): Profile;
  /** The jobs of peers on this device. */
  jobs(): Pick<JobServer, "running" | "queued">;
}

/** The state of this node in its room. */
export class OwnState {
  /** The models and limits shared with the room; undefined while nothing is shared. */
  sharing: SharedModels | undefined;
  readonly #options: OwnStateOptions;

  constructor(options: OwnStateOptions) {
    this.#options = options;
  }

  /** Whether the room's charter allows a model. */
  allows(model: string): boolean {
    return allowsModel(this.#options.membership.charter.terms, model);
  }

  load(): PeerLoad {
    const { visible, battery, tokenRate, ownJobs } = this.#options.profile();
    const { running, queued } = this.#options.jobs();
    const charge = battery !== undefined && { battery: battery <= LOW_BATTERY ? LOW_BATTERY : 1 };
    return { running: running + ownJobs, queued, tokenRate: rounded(tokenRate), visible, ...charge };
  }

  /** For linked members. */
  heartbeat(): Heartbeat {
    const { sharing } = this;
    const shared = this.#options.local.models().filter(({ model }) => sharing?.models.has(model) && this.allows(model));
    const offers = shared.map(({ decodeRate, prefillRate, ...offer }) => ({
      ...offer,
      ...(decodeRate !== undefined && { decodeRate: rounded(decodeRate) }),
      ...(prefillRate !== undefined && { prefillRate: rounded(prefillRate) }),
    }));
    const layersBytes = sharing?.layersBytes ?? 0;
    return heartbeatOf(this.#options.profile(), {
      sharing: sharing !== undefined,
      ...(layersBytes > 0 && { layersBytes }),
      load: this.load(),
      offers,
    });
  }

  /** For the whole room, linked or not. */
  announcement({ address, slot }: ContactDetails): CardTerms {
    const { offers, ...profile } = this.heartbeat();
    return {
      ...(address && { address }),
      ...(slot !== undefined && { slot }),
      ...profile,
      offers: offers.slice(0, OFFERS_PER_CARD),
    };
  }
}
