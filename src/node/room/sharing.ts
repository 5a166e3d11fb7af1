/** Shows this device's profile to the room, and offers its models within the user's limits. */
import type { DeviceInfo } from "../../inference";
import { isSameModel, type Profile, type RoomSession } from "../../room";
import type { LocalProvider } from "../local-provider";
import type { SharedProvider } from "../shared-provider";
import type { StateStore } from "../state-store";
import type { RoomState, ShareOptions } from "../types";
import { spareBytes } from "../pipelines";
import { RoomEnvironment } from "./environment";

/** The default options of sharing. */
const DEFAULT_SHARE = {
  models: "all",
  maxJobs: 2,
  onlyWhileVisible: false,
  pauseOnBattery: true,
  layers: false,
} satisfies Partial<ShareOptions>;

interface SharingOptions {
  readonly device: DeviceInfo;
  readonly local: LocalProvider;
  /** All models that can be offered. */
  readonly own: SharedProvider;
  readonly store: StateStore;
}

/** Sharing in the present room. */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #surroundings: RoomEnvironment;
  #wanted: ShareOptions | undefined;
  /** Whether the user does not want to be asked for layers in this room. */
  #declined = false;

  /** `onChange` is called when the environment may start or pause sharing. */
  constructor(options: SharingOptions, onChange: () => void) {
    this.#options = options;
    this.#surroundings = new RoomEnvironment(onChange);
  }

  /** The user's choice; undefined if nothing is shared. */
  get wanted(): ShareOptions | undefined {
    return this.#wanted;
  }

  /** The same for the page, with the reason for a pause. */
  get shown(): RoomState["share"] {
    return this.#wanted ? { options: this.#wanted, paused: this.#paused(this.#wanted) } : false;
  }

  /** Starts or changes sharing; false ends it. `apply` puts the change into effect. */
  choose(share: Partial<ShareOptions> | false): void {
    const took = this.#wanted?.layers && (share === false || share.layers === false);
    if (took) this.#declined = true;
    if (share === false) this.#wanted = undefined;
    else {
      if (share.layers) this.#declined = false;
      const layersBytes = spareBytes(this.#options.device);
      this.#wanted = { ...DEFAULT_SHARE, layersBytes, ...this.#wanted, ...share };
    }
  }

  /** Tells the room what is shared now. */
  apply(session: RoomSession): void {
    const wanted = this.#wanted;
    const paused = wanted && this.#paused(wanted);
    const chosen = wanted?.models ?? [];
    const models = this.#options.own.models().map(({ model }) => model);
    const shared = models.filter((id) => chosen === "all" || chosen.some((model) => isSameModel(model, id)));
    // A pause lets running jobs finish; switching off moves them at once.
    const layersBytes = this.givenBytes ?? 0;
    const given = wanted && { maxJobs: wanted.maxJobs, models: new Set(shared), layersBytes };
    session.share(paused ? undefined : given, !wanted);
  }

  /**
   * Memory for layers of models that others run: 0 if they are not welcome at present, undefined until the user has
   * decided.
   */
  get givenBytes(): number | undefined {
    const wanted = this.#wanted;
    if (wanted?.layers) return this.#paused(wanted) ? 0 : wanted.layersBytes;
    return this.#declined ? 0 : undefined;
  }

  /** The user does not want to hold layers. No member asks again until sharing is changed. */
  declineLayers(): void {
    this.#declined = true;
  }

  /** Whether the user does not want to hold layers. */
  get declined(): boolean {
    return this.#declined;
  }

  /** Forgets the choices for the last room. */
  forget(): void {
    this.#wanted = undefined;
    this.#declined = false;
  }

  profile(): Profile {
    const { device, local, store } = this.#options;
    return {
      name: store.state.node.name,
      device: device.label,
      gpu: device.webgpu?.description ?? "",
      visible: this.#surroundings.visible,
      battery: this.#surroundings.battery,
      tokenRate: local.tokenRate,
      ownJobs: local.ownJobs,
    };
  }

  close(): void {
    this.#surroundings.close();
  }

  #paused(share: ShareOptions): string | undefined {
    if (share.onlyWhileVisible && !this.#surroundings.visible) return "paused while this page is hidden";
    if (share.pauseOnBattery && this.#surroundings.battery !== undefined) {
      return "paused while this device runs on battery";
    }
    return undefined;
  }
}
