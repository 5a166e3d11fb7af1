/** Reports the battery and visibility of the page. */

/** The part of the Battery Status API that is used; only some browsers have it. */
interface BatteryManager extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

/** Watches the conditions that decide whether a device should be shared now. */
export class RoomEnvironment {
  #battery: BatteryManager | undefined;
  readonly #stop = new AbortController();

  /** `onChange` is called when any of them changes. */
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

  /** Share of the battery that is left, 0 to 1; undefined on mains power or if the browser does not say. */
  get battery(): number | undefined {
    return this.#battery && !this.#battery.charging ? this.#battery.level : undefined;
  }

  close(): void {
    this.#stop.abort();
  }
}
