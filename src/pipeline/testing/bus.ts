/** A room for tests of pipelines: nodes that send each other frames, without links. Never bundled. */
import { type Did, MicrogridError, TypedEventTarget } from "../../core";
import { type StageFrame, type StageLanes, StageRegistry } from "../../room";

/** Delivers frames between nodes, in order for each pair, each in a task of its own. */
export class Bus {
  readonly #nodes = new Map<Did, BusTraffic>();
  readonly log: { readonly from: Did; readonly to: Did; readonly frame: StageFrame }[] = [];
  /** Called before a frame is delivered; false drops it, as the wire would where a link ends. */
  onFrame: (frame: StageFrame, from: Did, to: Did) => boolean = () => true;

  /** Called before a link is there. */
  onHold: (did: Did, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  /** The branches of members that are not their own. */
  readonly branches = new Map<Did, Did>();

  /** Called when a link is not held any longer. */
  onRelease: (did: Did) => void = () => undefined;

  /** A node's traffic. */
  join(did: Did): StageLanes {
    const traffic = new BusTraffic(did, this);
    this.#nodes.set(did, traffic);
    return traffic as unknown as StageLanes;
  }

  /** A node is gone from one moment to the next. */
  kill(did: Did): void {
    this.#nodes.delete(did);
    for (const traffic of this.#nodes.values())
      queueMicrotask(() => traffic.tell("gone", { did, reason: "it is gone" }));
  }

  /** One node takes another for gone, which does not notice. */
  tellGone(to: Did, did: Did): void {
    this.#nodes.get(to)?.tell("gone", { did, reason: "it is gone" });
  }

  has(did: Did): boolean {
    return this.#nodes.has(did);
  }

  deliver(from: Did, to: Did, frame: StageFrame): void {
    if (!this.onFrame(frame, from, to)) return;
    this.log.push({ from, to, frame });
    setImmediate(() => {
      if (this.#nodes.has(from)) this.#nodes.get(to)?.registry.dispatch(frame, from);
    });
  }
}

interface BusEvents {
  gone: { readonly did: Did; readonly reason: string };
}

/** `StageLanes` over a bus. */
class BusTraffic
  extends TypedEventTarget<BusEvents>
  implements Pick<StageLanes, "branchOf" | "send" | "post" | "hold" | "handle">
{
  readonly registry = new StageRegistry();
  readonly #did: Did;
  readonly #bus: Bus;

  constructor(did: Did, bus: Bus) {
    super();
    this.#did = did;
    this.#bus = bus;
  }

  branchOf = (did: Did): Did => this.#bus.branches.get(did) ?? did;

  send: StageLanes["send"] = (to, kind, body) => {
    if (!this.#bus.has(to)) return Promise.reject(new MicrogridError("peer-lost", "A device is gone."));
    this.#bus.deliver(this.#did, to, structuredClone({ kind, body }) as StageFrame);
    return Promise.resolve();
  };

  handle: StageLanes["handle"] = (handlers, options) => this.registry.add(handlers, options);

  post: StageLanes["post"] = (to, kind, body) => {
    this.send(to, kind, body).catch(() => undefined);
  };

  async hold(did: Did, { signal }: { signal: AbortSignal }): Promise<() => void> {
    await this.#bus.onHold(did, signal);
    if (!this.#bus.has(did)) throw new MicrogridError("peer-lost", "A device is gone.");
    return () => this.#bus.onRelease(did);
  }

  tell<K extends keyof BusEvents>(type: K, detail: BusEvents[K]): void {
    this.emit(type, detail);
  }
}
