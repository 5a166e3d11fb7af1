/** Guards a device that is shared: warns before its tab closes over running answers, and keeps its screen on. */
import type { GridApi, GridState } from "../../grid";
import { readScreenStaysOn, saveScreenStaysOn } from "./preferences";

/** True if this browser can keep a screen on. */
export function canKeepScreenOn(): boolean {
  return "wakeLock" in navigator;
}

/** Follows the grid until it is closed. */
export class Sharer {
  readonly #grid: GridApi;
  readonly #stop = new AbortController();
  #screenStaysOn = readScreenStaysOn();
  #warns = false;
  #lock: Promise<WakeLockSentinel | undefined> | undefined;

  constructor(grid: GridApi) {
    this.#grid = grid;
    const stop = grid.on("change", () => this.#look());
    const { signal } = this.#stop;
    signal.addEventListener("abort", stop);
    // The browser takes the lock back when the page is hidden.
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    this.#look();
  }

  /** The user's choice: whether the screen stays on while this device is shared. */
  get screenStaysOn(): boolean {
    return this.#screenStaysOn;
  }

  keepScreenOn(on: boolean): void {
    this.#screenStaysOn = on;
    saveScreenStaysOn(on);
    this.#look();
  }

  close(): void {
    this.#stop.abort();
    removeEventListener("beforeunload", warn);
    this.#release();
  }

  #look(): void {
    const { state } = this.#grid;
    this.#guard(answersOthers(state));
    const visible = document.visibilityState === "visible";
    if (visible && this.#screenStaysOn && isShared(state)) this.#lock ??= requestLock(() => (this.#lock = undefined));
    else this.#release();
  }

  // A page with such a listener is not kept for “back”, so it is there only while it is needed.
  #guard(needed: boolean): void {
    if (needed === this.#warns) return;
    this.#warns = needed;
    if (needed) addEventListener("beforeunload", warn);
    else removeEventListener("beforeunload", warn);
  }

  #release(): void {
    void this.#lock?.then((lock) => lock?.release());
    this.#lock = undefined;
  }
}

/** Only the tab that leads answers; another tab may close without harm. */
function answersOthers({ role, room }: GridState): boolean {
  return role === "leader" && (room?.serving ?? 0) > 0;
}

function isShared({ room }: GridState): boolean {
  return room !== undefined && room.share !== false && room.share.paused === undefined;
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Resolves to undefined where the browser refuses, as with a low battery. */
async function requestLock(onRelease: () => void): Promise<WakeLockSentinel | undefined> {
  if (!canKeepScreenOn()) return undefined;
  try {
    const lock = await navigator.wakeLock.request("screen");
    lock.addEventListener("release", onRelease);
    return lock;
  } catch {
    return undefined;
  }
}
