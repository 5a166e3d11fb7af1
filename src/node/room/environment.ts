/** What the browser tells about the page's surroundings: battery, visibility. */

/** The part of the Battery Status API that is used; only some browsers have it. */
interface BatteryManager extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

/** Watches what decides whether a device should be shared now. */
export class RoomEnvironment {
  #battery: BatteryManager | undefined;
  readonly #stop = new AbortController();

  /** `onChange` is called when anything here changes. */
  constructor(onChange: () => void) {
    const { signal } = this.#stop;
    document.addEventListener("visibilitychange", onChange, { signal });
    const { getBattery } = navigator as { getBattery?: () => Promise<BatteryManager> };
    void getBattery?.call(navigator).then(
      (battery) => {
        this.#battery = battery;
        for (const type of ["chargingchange", "levelchange"]) battery.addEventListener(type, onChange, { signal });
        onChange();
      },
      () => undefined,
    );
  }

  get visible(): boolean {
    return document.visibilityState === "visible";
  }

  /** Share of battery left, 0 to 1; undefined on mains or where the browser does not say. */
  get battery(): number | undefined {
    return this.#battery && !this.#battery.charging ? this.#battery.level : undefined;
  }

  close(): void {
    this.#stop.abort();
  }
}
