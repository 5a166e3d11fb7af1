/** Heartbeats: how a node describes itself to linked members, whenever that changes, at most once a second. */
import type { ModelOffer } from "../../inference";
import {
  HEARTBEAT_MS,
  MAX_DEVICE_CHARS,
  MAX_GPU_CHARS,
  MAX_MODEL_CHARS,
  MAX_NAME_CHARS,
  MAX_OFFERS,
} from "../constants";
import type { RoomFrameBody } from "../protocol";

export type Heartbeat = RoomFrameBody<"heartbeat">;

/** How this node presents itself to the room. */
export interface Profile {
  readonly name: string;
  readonly device: string;
  readonly gpu: string;
  readonly visible: boolean;
  /** Share of battery left; undefined on mains. */
  readonly battery: number | undefined;
  /** Recent tokens per second over all jobs. */
  readonly tokenRate: number;
  /** Answers for this node's own user that run now. */
  readonly ownJobs: number;
}

/** Cuts what a node says of itself to what the protocol carries. */
export function heartbeatOf(
  { name, device, gpu }: Profile,
  { offers, ...rest }: Pick<Heartbeat, "sharing" | "layersBytes" | "load"> & { readonly offers: readonly ModelOffer[] },
): Heartbeat {
  const carried = offers.filter(({ model }) => model.length <= MAX_MODEL_CHARS).slice(0, MAX_OFFERS);
  return {
    name: name.slice(0, MAX_NAME_CHARS),
    device: device.slice(0, MAX_DEVICE_CHARS),
    gpu: gpu.slice(0, MAX_GPU_CHARS),
    ...rest,
    offers: carried.map((offer) => ({ ...offer, name: offer.name.slice(0, MAX_MODEL_CHARS) })),
  };
}

/** Sends heartbeats when they are due. */
export class HeartbeatSender {
  readonly #now: () => Heartbeat;
  readonly #send: (heartbeat: Heartbeat) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sentAt = -Infinity;
  #last = "";

  constructor(now: () => Heartbeat, send: (heartbeat: Heartbeat) => void) {
    this.#now = now;
    this.#send = send;
  }

  /** Something may have changed. */
  refresh(): void {
    const due = this.#sentAt + HEARTBEAT_MS - performance.now();
    if (due <= 0) this.#beat();
    else this.#timer ??= setTimeout(() => this.#beat(), due);
  }

  /** The next heartbeat goes out even if it says what the last one said: somebody has not understood it. */
  insist(): void {
    this.#last = "";
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #beat(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const heartbeat = this.#now();
    const text = JSON.stringify(heartbeat);
    if (text === this.#last) return;
    this.#last = text;
    this.#sentAt = performance.now();
    this.#send(heartbeat);
  }
}
