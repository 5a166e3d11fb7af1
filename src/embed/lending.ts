/** Lends the visitor's device to the room of one element: asks once, remembers the answer, starts, stops. */
import type { ReactiveControllerHost } from "lit";
import { MicrogridError } from "../core";
import type { GridApi } from "../grid";
import type { NodeState } from "./events";
import type { Readiness } from "./grid-controller";
import type { RoomEntryController } from "./room-entry";

/** The visitor's decision about a room. */
interface Decision {
  /** Whether the visitor has agreed: then nothing is asked again. */
  readonly agreed: boolean;
  /** Whether the device is to be lent now. */
  readonly on: boolean;
}

/** By room, for as long as the page lives: its elements come and go. */
const decisions = new Map<string, Decision>();

/** The parts of the element that the lending depends on. */
interface LendingOptions {
  readonly entry: RoomEntryController;
  grid(): GridApi | undefined;
  readiness(): Readiness;
  /** Tells the page of anything thrown; gives the error to show. */
  onError(thrown: unknown): MicrogridError;
}

/** The lending of one element. Call `look` before each rendering. */
export class Lending {
  readonly #host: ReactiveControllerHost;
  readonly #options: LendingOptions;
  #entering: Promise<void> | undefined;
  /** True from the call that shares the device until the state says that it is shared, so that it is called once. */
  #sharing = false;
  #wasShared = false;
  #error: MicrogridError | undefined;
  #waiting: (() => void)[] = [];

  constructor(host: ReactiveControllerHost, options: LendingOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Why the device cannot be lent. */
  get failure(): MicrogridError | undefined {
    const readiness = this.#options.readiness();
    const { entry } = this.#options.entry;
    if (readiness.kind === "failed") return readiness.error;
    return entry.kind === "unreadable" ? entry.error : this.#error;
  }

  get state(): NodeState {
    const { entry } = this.#options.entry;
    if (this.failure) return "failed";
    if (entry.kind === "asking") return "asking";
    if (entry.kind === "entering") return "joining";
    const room = this.#options.grid()?.state.room;
    if (entry.kind !== "inside" || !room) return "off";
    if (room.share === false) {
      const decision = this.#decision;
      return decision === undefined ? "asking" : decision.on ? "joining" : "off";
    }
    if (room.membership.kind !== "member") return "joining";
    if (this.#options.readiness().kind !== "ready") return "loading";
    return room.share.paused === undefined ? "lending" : "paused";
  }

  /** Whether this device is shared with the room of the element. */
  get shares(): boolean {
    return this.#options.entry.entry.kind === "inside" && this.#isShared;
  }

  /** Acts on what has changed. */
  look(): void {
    const { entry } = this.#options;
    const decision = this.#decision;
    if (entry.entry.kind !== "inside") {
      this.#wasShared = false;
      // Entering shares the device, too.
      this.#sharing = entry.entry.kind === "entering";
    }
    switch (entry.entry.kind) {
      case "asking":
        if (!decision || entry.entry.error || entry.entry.look.kind !== "not-yet") return;
        if (decision.on) this.#entering = entry.enter({ name: "", share: true });
        else entry.decline();
        return;
      case "declined":
        // The visitor has said no, or has left the room by another element.
        this.#decide({ agreed: decision?.agreed ?? false, on: false });
        return;
      case "inside":
        if (this.#isShared) {
          if (!this.#wasShared) this.#decide({ agreed: true, on: true });
          this.#wasShared = true;
          this.#sharing = false;
        } else if (this.#wasShared) {
          // Somebody has switched it off elsewhere in the page.
          this.#wasShared = false;
          this.#decide({ agreed: true, on: false });
        } else if (decision?.on) void this.#share();
        return;
      default:
    }
  }

  /** Lets those who have called `start` know, after each rendering. */
  settle(): void {
    if (["asking", "joining", "loading"].includes(this.state)) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** The visitor agrees, in the question of this element. */
  agree(): void {
    this.#decide({ agreed: true, on: true });
    this.#host.requestUpdate();
  }

  /** The visitor does not want to share with the room that the page is in. */
  decline(): void {
    this.#decide({ agreed: false, on: false });
    this.#host.requestUpdate();
  }

  /**
   * Begins again after a "no", a stop or a failure; asks unless the visitor has agreed before. Resolves when the device is lent, or is not
   * to be; rejects with the failure, or with `bad-request` if no room is named.
   */
  async start(): Promise<NodeState> {
    const { entry } = this.#options;
    if (entry.entry.kind === "none")
      throw new MicrogridError("bad-request", "This element names no room. Set its attribute room to an invite.");
    this.#error = undefined;
    if (this.#decision?.agreed) this.#decide({ agreed: true, on: true });
    else if (this.state === "off") this.#forget();
    entry.ask();
    this.look();
    this.#host.requestUpdate();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failure) throw this.failure;
    return this.state;
  }

  /** Stops; resolves once the device is withdrawn. Never rejects. */
  async stop(): Promise<void> {
    const { entry } = this.#options;
    this.#sharing = false;
    this.#decide({ agreed: this.#decision?.agreed ?? false, on: false });
    this.#error = undefined;
    this.#wasShared = false;
    entry.decline();
    await this.#entering;
    if (entry.entry.kind === "inside") await entry.withdraw();
    this.#decide({ agreed: this.#decision?.agreed ?? false, on: false });
    this.#host.requestUpdate();
  }

  /** The element has left the page: withdraws the device, and lends it again without a question if the element comes back. */
  async rest(): Promise<void> {
    const { entry } = this.#options;
    await entry.withdraw();
    entry.follow(undefined, "");
    this.#wasShared = false;
  }

  async #share(): Promise<void> {
    if (this.#sharing) return;
    this.#sharing = true;
    try {
      await this.#options.grid()?.rooms.current?.share();
    } catch (thrown) {
      this.#error = this.#options.onError(thrown);
      this.#decide({ agreed: true, on: false });
      this.#sharing = false;
    }
    this.#host.requestUpdate();
  }

  get #isShared(): boolean {
    return (this.#options.grid()?.state.room?.share ?? false) !== false;
  }

  get #roomId(): string | undefined {
    const { entry } = this.#options.entry;
    return "invite" in entry ? entry.invite.roomId : undefined;
  }

  get #decision(): Decision | undefined {
    return this.#roomId === undefined ? undefined : decisions.get(this.#roomId);
  }

  #decide(decision: Decision): void {
    if (this.#roomId !== undefined) decisions.set(this.#roomId, decision);
  }

  #forget(): void {
    if (this.#roomId !== undefined) decisions.delete(this.#roomId);
  }
}
